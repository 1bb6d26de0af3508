using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>Between what a path is looked for.</summary>
/// <param name="From">A node's name, or an address in the mesh or behind a node.</param>
/// <param name="To">The same; it may be outside of the mesh.</param>
/// <param name="IPv4">Where both are names: by their IPv4 addresses and not by IPv6.</param>
public sealed record PathWish(string From, string To, bool IPv4);

/// <summary>How packets go there and back, by what each node on the way says that its kernel does.</summary>
/// <param name="Links">What each of the two ends says of its link with the other, where both are nodes.</param>
/// <param name="Notes">What is to be known beside: English and Japanese.</param>
public sealed record PathReport(PathWay There, PathWay Back, ImmutableArray<PathLink> Links, ImmutableArray<(string English, string Japanese)> Notes);

/// <param name="From">Where it begins: a name or an address.</param>
/// <param name="To">Where it is to lead.</param>
/// <param name="Source">Address of the packet's source.</param>
/// <param name="Destination">And of its destination.</param>
/// <param name="Ends">Where and why it ends, a sentence; empty: it arrives.</param>
public sealed record PathWay(string From, string To, string Source, string Destination, bool Arrives, ImmutableArray<PathStep> Steps, string Ends)
{
    /// <summary>Links of the mesh that it goes over.</summary>
    public int Hops => Steps.Count(step => step.Next.Length > 0);

    /// <summary>Sum of its links' round trips; null: that of one is not known, or it goes over none.</summary>
    public double? RttMs => Hops == 0 || Steps.Any(step => step.Next.Length > 0 && step.RttMs is null) ? null : Steps.Sum(step => step.RttMs ?? 0);
}

/// <summary>One node's own word.</summary>
/// <param name="Next">The node that has it next; empty: none.</param>
/// <param name="RttMs">Of the link with that one; null: not known.</param>
/// <param name="Out">What its kernel does, in words.</param>
/// <param name="Gathered">By whom it is gathered; empty: it is not.</param>
public sealed record PathStep(string Node, string Next, double? RttMs, string Out, string Gathered);

/// <param name="Path">direct, transit or none.</param>
/// <param name="Reason">Why it is not direct; empty: it is.</param>
/// <param name="Bgp">FRR's own word; empty: no session.</param>
/// <param name="Bfd">up or down; empty: not known.</param>
public sealed record PathLink(string Node, string Peer, string Path, string Reason, string Endpoint, string Bgp, string Bfd, double? RttMs);
