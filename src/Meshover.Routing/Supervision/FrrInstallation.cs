using Meshover.Routing.Backends;

namespace Meshover.Routing.Supervision;

/// <summary>The FRR that runs, or ran last, wherever that is.</summary>
public sealed class FrrInstallation(RoutingOptions options)
{
    private volatile IFrrHome? _home;

    public RoutingOptions Options => options;

    /// <summary>Of the daemons that run, or ran last; before any did those of the newest release.</summary>
    public FrrFeatures Features => Examined ?? FrrFeatures.Of(null);

    /// <summary>Null before any daemons ran.</summary>
    public FrrFeatures? Examined => _home?.Features;

    /// <summary>Where they run. Null before they did.</summary>
    internal IFrrHome? Home
    {
        get => _home;
        set => _home = value;
    }

    /// <summary>How its vtysh is started; before any daemons ran, this machine's own.</summary>
    /// <exception cref="RoutingException">Its home is no more.</exception>
    internal ToolCommand Vtysh => _home?.Vtysh ?? new ToolCommand(Path.Combine(options.VtyshBinaries, "vtysh"));

    /// <summary>The daemon that takes this one's configuration, and hands it on.</summary>
    internal string TakerOf(string daemon) => TakerOf(daemon, Features);

    internal static string TakerOf(string daemon, FrrFeatures features) => daemon == FrrDaemon.Zebra.Name && features.HasMgmtd ? FrrDaemon.Mgmtd.Name : daemon;
}
