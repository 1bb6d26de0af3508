using System.Net;
using System.Net.Sockets;

namespace Meshover.Linux.Netlink;

/// <summary>A policy routing rule, as the kernel shows it or as it is to be.</summary>
public sealed record RuleInfo
{
    /// <summary>InterNetwork or InterNetworkV6: the two families have rules of their own.</summary>
    public required AddressFamily Family { get; init; }

    /// <summary>Preference; smaller is asked first.</summary>
    public required uint Priority { get; init; }

    public RuleAction Action { get; init; } = RuleAction.Lookup;

    /// <summary>For <see cref="RuleAction.Lookup"/>; else 0.</summary>
    public uint Table { get; init; }

    /// <summary>For <see cref="RuleAction.Goto"/>: the preference at which is gone on, greater than its own; else 0.</summary>
    public uint GoTo { get; init; }

    public uint Mark { get; init; }

    /// <summary>0 where the rule does not look at the mark.</summary>
    public uint MarkMask { get; init; }

    /// <summary>FRA_PROTOCOL: who set it.</summary>
    public byte Protocol { get; init; }

    public IPNetwork? Source { get; init; }

    public IPNetwork? Destination { get; init; }

    public string? InputLink { get; init; }

    public string? OutputLink { get; init; }

    /// <summary>It asks for more than is told here (a user, a port, "not", …), so it is of fewer packets, or others, than it seems.</summary>
    public bool HasMore { get; init; }

    public override string ToString() =>
        $"{Priority}: {(Family == AddressFamily.InterNetworkV6 ? "IPv6 " : "IPv4 ")}"
        + (Source is null ? "" : $"from {Source} ")
        + (MarkMask == 0 ? "" : $"fwmark 0x{Mark:x}/0x{MarkMask:x} ")
        + Action switch
        {
            RuleAction.Lookup => $"lookup {Table}",
            RuleAction.Goto => $"goto {GoTo}",
            _ => Action.ToString().ToLowerInvariant(),
        };
}

/// <summary>FR_ACT_* (linux/fib_rules.h).</summary>
public enum RuleAction : byte
{
    Unspecified = 0,
    Lookup = 1,
    Goto = 2,
    NoOperation = 3,
    Blackhole = 6,
    Unreachable = 7,
    Prohibit = 8,
}
