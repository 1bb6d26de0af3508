using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>What a node is to be told to announce.</summary>
/// <param name="Prefix">Or an address, which is a host's.</param>
/// <param name="Mode">plain, anycast or active-standby.</param>
/// <param name="Priority">Of active-standby, 1-255: the greatest has it; null: the node's default.</param>
/// <param name="IsRouted">The address of a host is behind the node: it is put on no interface of it.</param>
/// <param name="Lifetime">Null: until it is withdrawn.</param>
public sealed record AnnouncementWish(string Prefix, string Mode = "plain", int? Priority = null, bool IsRouted = false, TimeSpan? Lifetime = null);

/// <summary>What telling a node to announce something, or not to, would do.</summary>
/// <param name="Effects">A sentence each, English and Japanese.</param>
/// <param name="MayBeDone">False: the node would refuse it, and the sentences say why.</param>
public sealed record AnnouncementPreview(ImmutableArray<(string English, string Japanese)> Effects, bool MayBeDone);

/// <summary>What came of it at the node.</summary>
/// <param name="IsAnnounced">False: not yet.</param>
/// <param name="Role">active, standby or leaving; empty: it is announced whoever else does.</param>
/// <param name="Reason">Why it is not announced, in the node's words; else empty.</param>
public sealed record AnnouncementOutcome(bool IsAnnounced, string Role, string Reason);
