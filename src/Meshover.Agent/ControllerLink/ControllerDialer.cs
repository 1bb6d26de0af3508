using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// Connects to whichever controller answers first: each address in turn, the next one started while the former still tries (RFC 8305).
/// Connections carry the mark of the underlay, so that a learned prefix cannot pull them into the mesh; where no address answers so,
/// they are tried unmarked, for a controller inside the mesh.
/// </summary>
internal sealed class ControllerDialer(Func<ImmutableArray<string>> controllers, uint mark, TimeProvider time)
{
    private const int SolSocket = 1;
    private const int SoMark = 36;
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private int _first;

    /// <summary>DNS; throws <see cref="SocketException"/> where a name does not resolve.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>The controller of the last connection; null while there was none.</summary>
    public HostPort? Connected { get; private set; }

    /// <summary>Begins with the next controller: the former one answered, but not as it should.</summary>
    public void Rotate() => _first++;

    /// <exception cref="IOException">None answers; the message names each with its reason.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        var targets = await ResolveAsync(failures, cancellationToken);
        var connection = await RaceAsync(targets, mark, failures, cancellationToken)
            ?? await RaceAsync(targets, 0, failures, cancellationToken)
            ?? throw new IOException("No controller answers: " + string.Join("; ", failures.Distinct()) + ".");
        Connected = connection.Target.Controller;
        return new NetworkStream(connection.Socket, ownsSocket: true);
    }

    private async Task<List<Target>> ResolveAsync(List<string> failures, CancellationToken cancellationToken)
    {
        var names = controllers().Select(text => HostPort.TryParse(text, out var parsed) ? parsed : null).OfType<HostPort>().ToList();
        var targets = new List<Target>();
        for (var i = 0; i < names.Count; i++)
        {
            var controller = names[(i + _first) % names.Count];
            foreach (var address in await AddressesAsync(controller, failures, cancellationToken))
                targets.Add(new Target(controller, address));
        }
        return targets;
    }

    private async Task<IPAddress[]> AddressesAsync(HostPort controller, List<string> failures, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(controller.Host, out var literal))
            return [literal];
        try
        {
            return await Resolve(controller.Host, cancellationToken);
        }
        catch (SocketException e)
        {
            failures.Add($"{controller}: its name does not resolve ({e.Message})");
            return [];
        }
    }

    private async Task<Connection?> RaceAsync(List<Target> targets, uint socketMark, List<string> failures, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<Connection?>>();
        Connection? winner = null;
        for (var next = 0; winner is null && (next < targets.Count || running.Count > 0);)
        {
            if (next < targets.Count)
                running.Add(TryAsync(targets[next++], socketMark, failures, stop.Token));
            winner = await FirstAsync(running, mayWait: next == targets.Count, stop.Token);
        }
        await stop.CancelAsync();
        foreach (var loser in await Task.WhenAll(running))
            loser?.Socket.Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        return winner;
    }

    /// <summary>The first that connects; null where all that run failed, or the time is up for the next to start.</summary>
    private async Task<Connection?> FirstAsync(List<Task<Connection?>> running, bool mayWait, CancellationToken cancellationToken)
    {
        var stagger = Task.Delay(mayWait ? System.Threading.Timeout.InfiniteTimeSpan : Stagger, time, cancellationToken);
        while (running.Count > 0)
        {
            var done = await Task.WhenAny(running.Cast<Task>().Append(stagger));
            if (done is not Task<Connection?> attempt)
                return null;
            running.Remove(attempt);
            if (await attempt is { } connection)
                return connection;
        }
        return null;
    }

    private async Task<Connection?> TryAsync(Target target, uint socketMark, List<string> failures, CancellationToken cancellationToken)
    {
        var socket = new Socket(target.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            SetMark(socket, socketMark);
            using var limit = new CancellationTokenSource(Timeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            await socket.ConnectAsync(new IPEndPoint(target.Address, target.Controller.Port), both.Token);
            return new Connection(socket, target);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            lock (failures)
                failures.Add($"{target.Controller}: {(e is SocketException refused ? refused.SocketErrorCode.ToString() : "no answer in time")}");
            return null;
        }
    }

    /// <summary>Without root the mark cannot be set; enrolling a machine that is not yet in the mesh works without it.</summary>
    private static void SetMark(Socket socket, uint socketMark)
    {
        if (socketMark == 0)
            return;
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(value, socketMark);
        try
        {
            socket.SetRawSocketOption(SolSocket, SoMark, value);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
        }
    }

    private sealed record Target(HostPort Controller, IPAddress Address);

    private sealed record Connection(Socket Socket, Target Target);
}
