using System.Globalization;
using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Backends;

/// <summary>Which container, and whom to ask for it.</summary>
/// <param name="Id">Empty where it is not known, as the engine was not there to be asked.</param>
/// <param name="Image">As the setting names it.</param>
internal sealed record ContainerAddress(IContainerEngine Engine, string Id, string Image);

/// <summary>A container that runs, and has FRR in it.</summary>
internal sealed class ContainerHome : IFrrHome
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _untilItIsSeen = TimeSpan.FromSeconds(10);

    private readonly ContainerAddress _address;
    private readonly ProcessIdentity _inside;
    private readonly FrrFiles _files;
    private readonly TimeProvider _time;

    private ContainerHome(ContainerAddress address, ProcessIdentity inside, FrrFiles files, TimeProvider time, FrrOwner owner, FrrFeatures features) =>
        (_address, _inside, _files, _time, Owner, Features, Space) = (address, inside, files, time, owner, features, ProcFacts.ProcessNamespace($"{inside.Pid}"));

    public FrrFeatures Features { get; }

    public FrrOwner Owner { get; }

    /// <summary>Its process namespace, which tells it from all others while it runs.</summary>
    public string? Space { get; }

    public ToolCommand Vtysh => _inside.IsAlive ? ContainerPaths.Vtysh(_inside) : throw new RoutingException("FRR's container has ended", new InvalidOperationException());

    /// <param name="inside">A process of it.</param>
    /// <exception cref="RoutingException">It lacks what FRR needs.</exception>
    public static async Task<ContainerHome> EnterAsync(ContainerAddress address, ProcessIdentity inside, FrrFiles files, TimeProvider time, CancellationToken ct)
    {
        string[] missing = [.. ContainerPaths.Missing(inside, FrrDaemon.All.Select(daemon => daemon.Name))];
        if (missing.Length > 0) throw Unfit(address, $"has no FRR ({string.Join(", ", missing)} missing)");
        var owner = FrrUser.FindOwner(ContainerPaths.File(inside, FrrUser.Passwords)) ?? throw Unfit(address, "has no user frr, as whom FRR runs");
        var zebra = ContainerPaths.Program(inside, $"{ContainerPaths.Daemons}/{FrrDaemon.Zebra.Name}");
        var said = await ToolRunner.RunAsync(zebra.Program, [.. zebra.Arguments, "-v"], _patience, time, ct);
        return said.ExitCode == 0
            ? new ContainerHome(address, inside, files, time, owner, FrrFeatures.Of(FrrVersion.Find(said.Output)))
            : throw Unfit(address, $"has an FRR that does not start ({said.Output.Trim()})");
    }

    public async Task<ProcessIdentity> StartAsync(FrrDaemon daemon, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        // The shell becomes the daemon: what that prints before it has a log is not lost.
        string[] command = ["sh", "-c", "out=$1; shift; exec \"$@\" >>\"$out\" 2>&1", "sh", _files.Output(daemon), $"{ContainerPaths.Daemons}/{daemon.Name}", .. arguments];
        await _address.Engine.StartInAsync(_address.Id, command, ct);
        var since = _time.GetTimestamp();
        while (_time.GetElapsedTime(since) < _untilItIsSeen && _inside.IsAlive)
        {
            if (FrrProcessScan.Take(_files).Ours.TryGetValue(daemon.Name, out var process)) return process;
            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, ct);
        }
        throw new RoutingException($"{daemon.Name} ended at startup in {_address.Engine.Name}'s container: {LastWords(daemon)}") { Kind = FindingKinds.FrrRestarting };
    }

    /// <summary>Without its id it was adopted, and goes with the others of its engine.</summary>
    public Task RemoveAsync(CancellationToken ct) => _address.Id.Length == 0 ? Task.CompletedTask : _address.Engine.RemoveAsync(_address.Id, ct);

    private string LastWords(FrrDaemon daemon)
    {
        try
        {
            return File.ReadLines(_files.Output(daemon)).LastOrDefault() ?? _files.LastLogLine(daemon);
        }
        catch (IOException)
        {
            return _files.LastLogLine(daemon);
        }
    }

    private static RoutingException Unfit(ContainerAddress address, string why) =>
        new(string.Create(CultureInfo.InvariantCulture, $"the image {address.Image} {why}: build it from deploy/frr/Dockerfile, or name another (frr-image)")) { Kind = FindingKinds.FrrImage };
}
