using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>Who announces a prefix and who may, by what the controller knows.</summary>
/// <param name="Prefix">As it is compared: host bits cleared.</param>
/// <param name="Address">Of it, for which nodes are asked.</param>
/// <param name="Announcements">What covers it, the longest first, and then what lies in it.</param>
/// <param name="Holders">Whose grants cover it, or lie in it.</param>
/// <param name="Takers">The members that are asked, by name: those that <see cref="RouteTaker"/> tells of.</param>
/// <param name="NotAsked">How many others there are.</param>
public sealed record RouteReport(
    string Prefix, string Address, ImmutableArray<RouteAnnouncement> Announcements, ImmutableArray<RouteHolder> Holders, ImmutableArray<string> Takers, int NotAsked)
{
    /// <summary>Nodes that are asked for one prefix: each costs a question.</summary>
    public const int MostAsked = 24;
}

/// <param name="Health">Fine: all others accept it.</param>
/// <param name="English">Whether others accept it and why not, a sentence.</param>
/// <param name="Japanese">The same.</param>
public sealed record RouteAnnouncement(string Node, string Prefix, Health Health, string English, string Japanese);

/// <param name="Grant">That covers the prefix, or lies in it.</param>
public sealed record RouteHolder(string Node, GrantRow Grant);

/// <summary>What one node does with packets to a prefix, as its kernel says.</summary>
/// <param name="Health">Fine: it has a route in the mesh, or the prefix itself.</param>
/// <param name="Next">The node that it sends them to; empty: none.</param>
/// <param name="Out">Its own words.</param>
/// <param name="English">In a sentence: that it accepts it, or why not.</param>
/// <param name="Japanese">The same.</param>
public sealed record RouteTaker(string Node, Health Health, string Next, string Out, string English, string Japanese);
