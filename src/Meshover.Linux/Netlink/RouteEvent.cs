namespace Meshover.Linux.Netlink;

/// <summary>Something changed in the kernel.</summary>
public abstract record RouteEvent;

public sealed record LinkEvent(LinkInfo Link, bool Deleted) : RouteEvent;

public sealed record AddressEvent(AddressInfo Address, bool Deleted) : RouteEvent;

public sealed record RouteChangeEvent(RouteInfo Route, bool Deleted) : RouteEvent
{
    /// <summary>It stands in the place of another one, of the same destination and metric (NLM_F_REPLACE).</summary>
    public bool IsReplacement { get; init; }
}

public sealed record RuleEvent(RuleInfo Rule, bool Deleted) : RouteEvent;

public sealed record NeighbourEvent(NeighbourInfo Neighbour, bool Deleted) : RouteEvent;

/// <summary>A router advertisement has changed settings of IPv6 on a link, such as its MTU.</summary>
public sealed record Ipv6SettingsEvent(int LinkIndex) : RouteEvent;

/// <summary>Notifications were lost (ENOBUFS, or the reader was too slow): dump everything again.</summary>
public sealed record ResyncEvent : RouteEvent;

/// <summary>What to hear of.</summary>
public sealed record RouteMonitorOptions
{
    public bool Links { get; init; } = true;

    public bool Addresses { get; init; } = true;

    public bool Routes { get; init; } = true;

    public bool Rules { get; init; } = true;

    /// <summary>Off by default: in a busy segment these come all the time.</summary>
    public bool Neighbours { get; init; }

    /// <summary>Routes of these protocols are dropped by their fixed header, before they are parsed: BGP's come by the thousand.</summary>
    public IReadOnlyList<byte> IgnoredRouteProtocols { get; init; } = [];

    /// <summary>
    /// False drops an event before it takes a place among those that wait. Called on the monitor's thread, in the order of the events, so it
    /// may keep count of what it sees; null: all are kept.
    /// </summary>
    public Func<RouteEvent, bool>? Filter { get; init; }

    /// <summary>Room in the kernel for a burst, in bytes.</summary>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Events that wait for a slow reader; beyond these they are dropped and a <see cref="ResyncEvent"/> follows.</summary>
    public int Capacity { get; init; } = 1024;
}
