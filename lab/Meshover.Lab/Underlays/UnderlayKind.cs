namespace Meshover.Lab.Underlays;

/// <summary>What lies between the machines.</summary>
public enum UnderlayKind
{
    /// <summary>One Ethernet segment.</summary>
    Flat,

    /// <summary>A segment for each machine and a router between them.</summary>
    Routed,

    /// <summary>One segment, but n1 and n2 are IPv4-only, each behind a masquerading router of its own that forwards nothing in.</summary>
    Nat,
}
