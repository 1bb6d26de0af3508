using System.Collections.Immutable;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Planning;

/// <summary>
/// How our things in the kernel are told from everybody else's: by these, and by nothing remembered. Whoever asks whether something is ours,
/// on the way down or to leave it out of what he looks at, asks here.
/// </summary>
/// <param name="Loopback">The interface that carries the node addresses.</param>
/// <param name="WireGuard">The WireGuard device.</param>
/// <param name="UnderlayTable">The table that mirrors the underlay's own routes.</param>
/// <param name="Protocol">rtproto of our routes, rules and addresses.</param>
public sealed record KernelNames(string Loopback, string WireGuard, uint UnderlayTable, byte Protocol)
{
    /// <summary>The one table of nftables.</summary>
    public const string FirewallTable = "meshover";

    /// <summary>
    /// Preference of the rules for marked packets: look into the mirror of the underlay's routes. It is directly before main's (32766), so that
    /// the user's own hold.
    /// </summary>
    public const uint LookupPriority = 32764;

    /// <summary>Marked packets that found nothing there: prohibited.</summary>
    public const uint ProhibitPriority = 32765;

    /// <summary>Rules of gathering are these and what is between: before main's, as main is not to be asked for what they lead elsewhere.</summary>
    public const uint FirstGatherPriority = 7400, LastGatherPriority = 7499;

    /// <summary>Tables of gathering: one that refuses, and one for each range.</summary>
    public const uint FirstGatherTable = 7402, LastGatherTable = 7499;

    /// <summary>Mark of packets of a gathered source that came by a link of the mesh; the bits that count are those of the underlay's mark.</summary>
    public const uint GatheredMark = 0x6e;

    private static readonly ImmutableArray<string> KindsOfWireGuard = ["wireguard", "tun"];
    private static readonly ImmutableArray<string> KindsOfLoopback = ["dummy", "bridge"];
    private static readonly ImmutableArray<string> KindsOfLinks = ["gre", "tun"];

    /// <summary>The design's own, for where no plan says others.</summary>
    public static KernelNames Default { get; } = Of(NodeSettings.Default);

    /// <summary>Whether an interface of this name is ours, or would be, whoever made it.</summary>
    public bool IsOurs(string name) => !KindsOf(name).IsEmpty;

    /// <summary>Whether it is also of a kind that we make.</summary>
    public bool IsOurs(string name, string kind) => KindsOf(name).Contains(kind);

    /// <summary>The kinds that an interface of this name may be of when we made it; none: it is not ours.</summary>
    public ImmutableArray<string> KindsOf(string name)
    {
        if (name == WireGuard)
            return KindsOfWireGuard;
        if (name == Loopback)
            return KindsOfLoopback;
        return NodeId.IsLinkName(name) ? KindsOfLinks : [];
    }

    private static KernelNames Of(NodeSettings settings) =>
        new(settings.LoopbackInterface, settings.Interface, settings.UnderlayTable, settings.RouteProtocol);
}
