using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Meshover.Agent.Reconciling;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Reporting;

/// <summary>How this node stands, in an amount that does not grow with the mesh.</summary>
internal sealed record ReportSummary
{
    /// <summary>Links that are not up are listed up to so many; a mesh of so many nodes is small.</summary>
    public const int Few = 64;

    public int Peers { get; init; }

    /// <summary>Heard of directly; whether BGP is up or not.</summary>
    public int PeersUp { get; init; }
    public int BgpEstablished { get; init; }

    /// <summary>Accepted from peers.</summary>
    public int Prefixes { get; init; }

    /// <summary>UDP payload since the agent first saw the data plane; 0 before that.</summary>
    public ulong RxBytes { get; init; }
    public ulong TxBytes { get; init; }
    public CoarseState Coarse { get; init; } = new();

    /// <summary>Links that are not up, by reason, all of them; null: the data plane or FRR does not say how they are.</summary>
    public LinkTally? NotUp { get; init; }

    /// <summary>The first <see cref="Few"/> of them, by id; those that could be up come first.</summary>
    public ImmutableArray<LinkException> Exceptions { get; init; } = [];

    /// <summary>Of each link, in a small mesh.</summary>
    public ImmutableArray<LinkFigure> Figures { get; init; } = [];

    /// <summary>What is wrong, by code, and of how many subjects.</summary>
    public ImmutableArray<(string Code, int Count)> Findings { get; init; } = [];

    public EchoTally Echoes { get; init; }

    /// <summary>How old what is said of links and bytes is; null: nothing is known of them.</summary>
    public TimeSpan? DataplaneAge { get; init; }

    /// <summary>How old what is said of BGP is; null: nothing is known of that.</summary>
    public TimeSpan? RoutingAge { get; init; }

    /// <summary>How many links that are not up are not listed.</summary>
    public int Unlisted => Math.Max(0, (NotUp?.Total ?? 0) - Exceptions.Length);
}

/// <summary>What is told at once when it changes.</summary>
internal sealed record CoarseState
{
    public ComponentState Dataplane { get; init; } = ComponentState.Starting;
    public ComponentState Routing { get; init; } = ComponentState.Starting;
    public ComponentState Kernel { get; init; } = ComponentState.Starting;

    /// <summary>Prefixes that are announced and granted, and that are announced and not granted.</summary>
    public int Announced { get; init; }
    public int Refused { get; init; }

    /// <summary>The codes of what is wrong, but for what is wrong with links: of those the links themselves are told.</summary>
    public string Findings { get; init; } = "";
}

/// <summary>A link that is not up.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkException(NodeId Peer, LinkReason Reason);

/// <summary>How many links are not up, by reason.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkTally(int NoAnswer, int NoSession, int NoDirectPath)
{
    public int Total => NoAnswer + NoSession + NoDirectPath;
}

/// <param name="Rtt">Null: not known.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LinkFigure(NodeId Peer, TimeSpan? Rtt, ulong RxBytes, ulong TxBytes)
{
    /// <summary>Bytes; 0: not known, or the peer is not heard.</summary>
    public int Mtu { get; init; }

    /// <summary>4 or 6, by which the peer is called; 0: not known, or the peer is not heard.</summary>
    public int Family { get; init; }
}
