using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Announcing.Declared.Checks;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>Who else may announce a prefix.</summary>
public enum AnnounceMode
{
    /// <summary>Nobody is meant to.</summary>
    Plain,

    /// <summary>Several nodes at once: packets go to the nearest.</summary>
    Anycast,

    /// <summary>One of several nodes has it.</summary>
    ActiveStandby,
}

/// <summary>A prefix that the operator has this node announce, and on what conditions. Immutable; compared by value.</summary>
public sealed record DeclaredAnnouncement(IPNetwork Prefix)
{
    /// <summary>It is announced while this succeeds; null: always.</summary>
    public CheckTarget? Check { get; init; }

    /// <summary>From one check to the next, 100 ms to 1 h.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a check may take, at most the interval.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>So many checks that succeed one after the other bring it back.</summary>
    public int Rise { get; init; } = 2;

    /// <summary>So many that fail one after the other withdraw it.</summary>
    public int Fall { get; init; } = 3;
    public AnnounceMode Mode { get; init; }

    /// <summary>Of several nodes of <see cref="AnnounceMode.ActiveStandby"/> the greatest has it, 1-255.</summary>
    public int Priority { get; init; } = Failover.DefaultPriority;

    /// <summary>The address of a host prefix is put on the node's own interface. False: it is behind the node.</summary>
    public bool HoldsAddress { get; init; } = true;

    public bool IsHost => Prefix.PrefixLength == (Prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
}
