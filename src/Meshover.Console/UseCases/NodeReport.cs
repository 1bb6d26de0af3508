using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>What a node says of itself when it is asked.</summary>
/// <param name="Findings">What is wrong there.</param>
/// <param name="Peers">Its links; as many as it says at once.</param>
/// <param name="More">It has more peers than are told here.</param>
public sealed record NodeReport(
    string Controller, string Dataplane, string Routing, string Kernel, ImmutableArray<NodeFinding> Findings, ImmutableArray<PeerRow> Peers, bool More)
{
    /// <summary>How far it is with being left: handing-over, least-liked, withdrawing, drained; empty: it takes part.</summary>
    public string Draining { get; init; } = "";
    public ImmutableArray<AnnouncementRow> Announcements { get; init; } = [];
    public ImmutableArray<SourceRow> Sources { get; init; } = [];

    /// <summary>What its kernel can: wireguard, gre, vxlan, …</summary>
    public ImmutableArray<string> KernelHas { get; init; } = [];
    public ImmutableArray<string> KernelLacks { get; init; } = [];
    public ImmutableArray<string> Notices { get; init; } = [];
    public ImmutableArray<GatheringRow> Gatherings { get; init; } = [];
}

/// <summary>A prefix that somebody at the node wants announced.</summary>
/// <param name="Sources">Who, by name.</param>
/// <param name="State">announced, withdrawn or refused.</param>
/// <param name="Reason">Why it is not announced, or what is to be said beside; empty: nothing.</param>
public sealed record AnnouncementRow(string Prefix, ImmutableArray<string> Sources, string State, Health Health, string Mode, string Role, string Reason);

/// <summary>What announces at the node: settings, a kernel's table, a speaker, …</summary>
public sealed record SourceRow(string Name, string Status);

/// <summary>Who has packets of a range of sources, as the node sees it.</summary>
/// <param name="Owner">Empty: nobody.</param>
/// <param name="Path">here, direct, transit or none.</param>
/// <param name="Reason">Why nobody has them, or why they go by others; empty: nothing.</param>
public sealed record GatheringRow(string Prefix, string Owner, string Path, string Reason);

/// <summary>One thing that is wrong at a node, as it was seen.</summary>
public sealed record NodeFinding(string Code, string Severity, string Subject, string Text, string Advice, Health Health);

/// <summary>A node's link with a peer.</summary>
/// <param name="Endpoint">Where the peer is called; empty: nowhere.</param>
/// <param name="Path">direct, transit or none.</param>
/// <param name="RttMs">Null: not known.</param>
/// <param name="HandshakeSeconds">Null: there was none.</param>
public sealed record PeerRow(
    string Name, string Endpoint, string Bgp, string Bfd, string Path, string PathReason, double? RttMs, long? HandshakeSeconds, uint Prefixes, ulong Rx, ulong Tx, Health Health);
