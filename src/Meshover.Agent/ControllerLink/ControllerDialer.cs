using System.Collections.Immutable;
using System.Net;
using System.Security.Authentication;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Findings;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// Connects to a controller: by every name and every address that there is, side by side, until one works (<see cref="DialRace"/>), TLS
/// included; what worked last comes first. Connections carry the mark of the underlay, so that a learned prefix cannot pull them into the
/// mesh; where no address answers so, they are tried unmarked, for a controller inside the mesh.
/// </summary>
internal sealed class ControllerDialer(Func<ImmutableArray<string>> controllers, uint mark, TimeProvider time)
{
    private ControllerNames? _names;
    private DialTarget? _reached;
    private DialTarget? _worked;
    private ImmutableArray<DialTarget> _doubtful = [];

    /// <summary>DNS; throws <see cref="System.Net.Sockets.SocketException"/> where a name does not resolve.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>The controller of the last connection; null while there was none.</summary>
    public HostPort? Connected { get; private set; }

    /// <summary>Begins with what was connected last: it answered as it should.</summary>
    public void Keep()
    {
        _worked = _reached;
        if (_reached is { } target)
            _doubtful = _doubtful.Remove(target);
    }

    /// <summary>Begins with all others: what was connected last answered, but not as it should.</summary>
    public void Rotate()
    {
        _worked = null;
        if (_reached is { } target)
            _doubtful = _doubtful.Remove(target).Add(target);
    }

    /// <exception cref="NoControllerException">None works; the message names each with its reason.</exception>
    /// <exception cref="AuthenticationException">All that answer are no controllers of our mesh.</exception>
    public async ValueTask<Stream> ConnectAsync(SecureConnection secure, CancellationToken cancellationToken)
    {
        _reached = null;
        var race = new DialRace(_names ??= new ControllerNames(Resolve), secure, mark, time);
        var stream = await race.RunAsync(Named(), _worked, _doubtful, cancellationToken);
        if (stream is null)
        {
            throw race.Untrusted is { } reason
                ? new AuthenticationException(reason) : new NoControllerException(race.IsNamesAlone ? FindingKinds.ControllerName : FindingKinds.ControllerUnreachable, "No controller answers: " + string.Join("; ", race.Failures) + ".");
        }
        _reached = race.Winner!.Target;
        Connected = _reached.Controller;
        return stream;
    }

    private ImmutableArray<HostPort> Named() =>
        [.. controllers().Select(text => HostPort.TryParse(text, out var parsed) ? parsed : null).OfType<HostPort>()];
}
