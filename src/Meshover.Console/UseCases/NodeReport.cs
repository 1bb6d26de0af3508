using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>What a node says of itself when it is asked.</summary>
/// <param name="Findings">What is wrong there.</param>
/// <param name="Peers">Its links; as many as it says at once.</param>
/// <param name="More">It has more peers than are told here.</param>
public sealed record NodeReport(
    string Controller, string Dataplane, string Routing, string Kernel, ImmutableArray<NodeFinding> Findings, ImmutableArray<PeerRow> Peers, bool More);

/// <summary>One thing that is wrong at a node, as it was seen.</summary>
public sealed record NodeFinding(string Code, string Severity, string Subject, string Text, string Advice, Health Health);

/// <summary>A node's link with a peer.</summary>
/// <param name="Endpoint">Where the peer is called; empty: nowhere.</param>
/// <param name="Path">direct, transit or none.</param>
/// <param name="RttMs">Null: not known.</param>
/// <param name="HandshakeSeconds">Null: there was none.</param>
public sealed record PeerRow(
    string Name, string Endpoint, string Bgp, string Bfd, string Path, string PathReason, double? RttMs, long? HandshakeSeconds, uint Prefixes, ulong Rx, ulong Tx, Health Health);
