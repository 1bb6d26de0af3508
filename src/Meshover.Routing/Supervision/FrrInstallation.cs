using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>
/// The FRR of this machine. Its release is asked for at each start of its daemons, as a package manager may have replaced it while they ran.
/// </summary>
public sealed class FrrInstallation(RoutingOptions options, TimeProvider time)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private volatile FrrFeatures? _features;

    public RoutingOptions Options => options;

    /// <summary>Of the daemons that run, or ran last; before <see cref="ExamineAsync"/> those of the newest release.</summary>
    public FrrFeatures Features => _features ?? FrrFeatures.Of(null);

    /// <summary>Null before it was ever examined.</summary>
    public FrrFeatures? Examined => _features;

    /// <summary>Asks the programs which release they are.</summary>
    /// <exception cref="RoutingException">FRR is not installed, or its zebra cannot be started.</exception>
    public async Task<FrrFeatures> ExamineAsync(CancellationToken ct) => _features = await AskAsync(ct);

    /// <summary>Of the programs as they are on the disk, whatever runs; null where there is nothing that answers.</summary>
    public async Task<FrrFeatures?> TryAskAsync(CancellationToken ct)
    {
        try
        {
            return await AskAsync(ct);
        }
        catch (RoutingException)
        {
            return null;
        }
    }

    private async Task<FrrFeatures> AskAsync(CancellationToken ct)
    {
        var said = await ToolRunner.RunAsync(Program("zebra"), ["-v"], _patience, time, ct);
        return FrrFeatures.Of(FrrVersion.Find(said.Output));
    }

    /// <summary>Path of one of the daemons.</summary>
    internal string Program(string daemon) => Path.Combine(options.FrrBinaries, daemon);

    /// <summary>The daemon that takes this one's configuration, and hands it on.</summary>
    internal string TakerOf(string daemon) => daemon == FrrDaemon.Zebra.Name && Features.HasMgmtd ? FrrDaemon.Mgmtd.Name : daemon;
}
