namespace Meshover.Routing.Supervision;

/// <summary>Settings of the <c>meshover routing</c> process.</summary>
public sealed record RoutingOptions
{
    /// <summary>Where the agent reaches this process (mode 0600). Default <c>/run/meshover/routing.sock</c>.</summary>
    public string SocketPath { get; init; } = "/run/meshover/routing.sock";

    /// <summary>FRR's configuration, sockets, pid files and logs; owned by <c>frr:frr</c>. Default <c>/run/meshover/frr</c>.</summary>
    public string FrrDirectory { get; init; } = "/run/meshover/frr";

    /// <summary>Where zebra, bgpd, bfdd and frr-reload.py are. Default <c>/usr/lib/frr</c> (Debian).</summary>
    public string FrrBinaries { get; init; } = "/usr/lib/frr";

    /// <summary>Where vtysh is. Default <c>/usr/bin</c>.</summary>
    public string VtyshBinaries { get; init; } = "/usr/bin";
}
