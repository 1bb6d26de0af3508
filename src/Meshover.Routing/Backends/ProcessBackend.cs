using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Backends;

/// <summary>This machine's own FRR, as processes of it that outlive us.</summary>
internal sealed class ProcessBackend(RoutingOptions options, FrrFiles files, TimeProvider time) : IFrrBackend
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Finding>> FindProblemsAsync(CancellationToken ct)
    {
        if (RoutingPreflight.MissingPrograms(options) is { } missing) return [new(FindingKinds.FrrMissing, "", missing)];
        var features = await TryAskAsync(options, time, ct);
        return RoutingPreflight.ReadByMgmtd(options, features) is { } read ? [new(FindingKinds.FrrFailed, "", read)] : [];
    }

    public async Task<IFrrHome> PrepareAsync(CancellationToken ct) => RoutingPreflight.MissingPrograms(options) is { } missing
        ? throw new RoutingException(missing) { Kind = FindingKinds.FrrMissing }
        : new Home(options, files, await AskAsync(options, time, ct));

    public async Task<IFrrHome?> FindAsync(IReadOnlyCollection<ProcessIdentity> daemons, CancellationToken ct)
    {
        if (RoutingPreflight.MissingPrograms(options) is not null) return null; // the start will say it
        var here = ProcFacts.ProcessNamespace("self");
        return daemons.All(daemon => ProcFacts.ProcessNamespace($"{daemon.Pid}") == here) ? await PrepareAsync(ct) : null;
    }

    public Task ClearAsync(IFrrHome? except, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Of the programs as they are on the disk, whatever runs; null where there is nothing that answers.</summary>
    public static async Task<FrrFeatures?> TryAskAsync(RoutingOptions options, TimeProvider time, CancellationToken ct)
    {
        try
        {
            return await AskAsync(options, time, ct);
        }
        catch (RoutingException)
        {
            return null;
        }
    }

    private static async Task<FrrFeatures> AskAsync(RoutingOptions options, TimeProvider time, CancellationToken ct)
    {
        var said = await ToolRunner.RunAsync(Path.Combine(options.FrrBinaries, FrrDaemon.Zebra.Name), ["-v"], _patience, time, ct);
        return FrrFeatures.Of(FrrVersion.Find(said.Output));
    }

    private sealed class Home(RoutingOptions options, FrrFiles files, FrrFeatures features) : IFrrHome
    {
        public FrrFeatures Features => features;

        public FrrOwner Owner => FrrOwner.Machine;

        public ToolCommand Vtysh => new(Path.Combine(options.VtyshBinaries, "vtysh"));

        public Task<ProcessIdentity> StartAsync(FrrDaemon daemon, IReadOnlyList<string> arguments, CancellationToken ct)
        {
            try
            {
                return Task.FromResult(DetachedProcess.Start(Path.Combine(options.FrrBinaries, daemon.Name), arguments, files.Output(daemon)));
            }
            catch (ProcessException e)
            {
                throw new RoutingException($"{daemon.Name} could not be started: {e.Message}", e);
            }
        }

        public Task RemoveAsync(CancellationToken ct) => Task.CompletedTask;
    }
}
