namespace Meshover.Routing.Supervision;

/// <summary>Settings of the <c>meshover routing</c> process.</summary>
public sealed record RoutingOptions
{
    /// <summary>Where the agent reaches this process (mode 0600). Default <c>/run/meshover/routing.sock</c>.</summary>
    public string SocketPath { get; init; } = "/run/meshover/routing.sock";

    /// <summary>FRR's files; root's. Default <c>/run/meshover/frr</c>.</summary>
    public string FrrDirectory { get; init; } = "/run/meshover/frr";

    /// <summary>The daemons' configuration; root's, readable by frr.</summary>
    public string FrrConfigurations => Path.Combine(FrrDirectory, "conf");

    /// <summary>The daemons' logs; root's, who opens them at their start, with files of frr's, who opens them again.</summary>
    public string FrrLogs => Path.Combine(FrrDirectory, "log");

    /// <summary>The daemons' sockets and pid files; owned by <c>frr:frr</c>.</summary>
    public string FrrSockets => Path.Combine(FrrDirectory, "run");

    /// <summary>Where zebra, bgpd, bfdd and, from FRR 10 on, mgmtd are. Default <c>/usr/lib/frr</c> (Debian).</summary>
    public string FrrBinaries { get; init; } = "/usr/lib/frr";

    /// <summary>Where vtysh is. Default <c>/usr/bin</c>.</summary>
    public string VtyshBinaries { get; init; } = "/usr/bin";
}
