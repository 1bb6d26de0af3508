using System.Collections.Immutable;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Administration;

/// <summary>
/// Compares what is known of all members. Pure; nobody is asked, so that it costs O(n) and, for links, what the nodes list of those that are not up: at
/// most 64 each, times the transit nodes; and each link of a mesh of up to 64 nodes.
/// </summary>
internal static class MeshChecks
{
    private const string Address = "duplicate-address", Asn = "duplicate-asn", RouterId = "duplicate-router-id", OneWay = "one-way-link", Unreached = "unreachable-pair",
        NotGranted = "announced-not-granted", Version = "version-skew", Clock = "clock-skew", Mtu = "mtu-asymmetry", Family = "family-asymmetry", Rib = "rib-kernel", ShadowedName = "shadowed-name", Name = "duplicate-name";

    /// <summary>All of them, in the order in which they are shown. Labels of a metric: only ever added to.</summary>
    public static ImmutableArray<string> Names { get; } = [Address, Asn, RouterId, OneWay, Unreached, NotGranted, Version, Clock, Mtu, Family, Rib, ShadowedName, Name];

    private const int MostKept = 100;

    /// <summary>Bytes: each end looks for the path's MTU in such steps.</summary>
    private const int MtuStep = 16;
    private static readonly ImmutableDictionary<uint, LinkFigure> NoFigures = ImmutableDictionary<uint, LinkFigure>.Empty;

    /// <param name="mesh">What is in the store.</param>
    /// <param name="live">What nodes say.</param>
    /// <param name="attentive">The time by which it is told who was not heard for too long.</param>
    /// <param name="version">Of this controller.</param>
    public static CheckResult Of(MeshState mesh, LiveState live, TimeSpan attentive, string version)
    {
        var members = MeshGraph.Members(mesh, live, attentive);
        var records = members.Select(member => mesh.Nodes[member.Id].Record).ToList();
        var found = Names.ToDictionary(name => name, _ => 0, StringComparer.Ordinal);
        var kept = ImmutableArray.CreateBuilder<CheckProblem>();
        // A mesh that is cut in two has millions of pairs: they are counted, and the first are kept.
        foreach (var problem in All(members, records, live, version))
        {
            if (++found[problem.Check] <= MostKept)
                kept.Add(problem);
        }
        return new CheckResult(kept.ToImmutable(), found, members.Length, members.Count(member => member.Speaks is null));
    }

    private static IEnumerable<CheckProblem> All(ImmutableArray<GraphMember> members, List<StoredNode> records, LiveState live, string version) =>
        Twice(Address, "address", records, record => [.. record.Addresses, record.TunnelAddress])
            .Concat(Twice(Asn, "AS number", records, record => [$"{record.Asn}"]))
            .Concat(Twice(RouterId, "router id", records, record => [record.Address4])) // as FRR is told
            .Concat(OfLinks(members))
            .Concat(records.SelectMany(record => Announcements.NotGranted(record, live.Node(record.Id)?.Report).Select(prefix => new CheckProblem(
                NotGranted, record.HostName, $"{record.HostName} announces {prefix}, which is not granted to it: the others refuse it."))))
            .Concat(members.Where(member => member.Live?.Version is { Length: > 0 } theirs && theirs != version).Select(member => new CheckProblem(
                Version, member.HostName, $"{member.HostName} runs {member.Live!.Version}, this controller {version}.")))
            .Concat(members.Where(member => Finds(member, FindingKinds.ClockSkew) > 0).Select(member => new CheckProblem(
                Clock, member.HostName, $"The clock of {member.HostName} and this controller's differ by more than a minute.")))
            .Concat(OfWays(members))
            .Concat(members.Where(member => Finds(member, FindingKinds.RouteNotInstalled) > 0).Select(member => new CheckProblem(
                Rib, member.HostName, $"FRR on {member.HostName} has chosen {Finds(member, FindingKinds.RouteNotInstalled)} route(s) of the mesh that its kernel does not have: packets go other ways, or nowhere.")))
            .Concat(OfNames(records))
            .Concat(Twice(Name, "name in DNS", records, record => [HostName.WithoutZone(record.HostName)])); // of members of an older release, or back after a restore

    /// <summary>Of how many subjects a node says so now.</summary>
    private static int Finds(GraphMember member, FindingKind kind) => member.State is NodeState.Lost or NodeState.Unknown ? 0 : member.Live?.Health?.Findings?.GetValueOrDefault(kind.Code) ?? 0;

    /// <summary>A node that joins, or is renamed, has its name whatever else is called so.</summary>
    private static IEnumerable<CheckProblem> OfNames(List<StoredNode> records)
    {
        var nodes = records.Select(record => HostName.WithoutZone(record.HostName)).ToHashSet(StringComparer.Ordinal);
        return from record in records
               from grant in record.Grants
               where grant.Name is { } name && nodes.Contains(HostName.WithoutZone(name))
               select new CheckProblem(ShadowedName, grant.Name!, $"{grant.Prefix}, granted to {record.HostName}, is to be called {grant.Name}, but a node has that name: it resolves to the node. Grant the address with another --name.");
    }

    private static IEnumerable<CheckProblem> Twice(string check, string what, List<StoredNode> records, Func<StoredNode, string[]> numbers) =>
        from held in records.SelectMany(record => numbers(record).Where(number => number.Length > 0).Select(number => (number, record.HostName)))
        group held.HostName by held.number into holders
        where holders.Skip(1).Any()
        select new CheckProblem(check, holders.Key, $"The {what} {holders.Key} is {string.Join("'s and ", holders)}'s.");

    private static IEnumerable<CheckProblem> OfLinks(ImmutableArray<GraphMember> members)
    {
        var byId = members.ToDictionary(member => member.Id);
        var transit = members.Where(member => member.IsTransit).ToList();
        foreach (var (a, b) in NotUp(members, byId))
        {
            if (IsOneWay(a, b) is { } deaf)
            {
                var hears = deaf == a ? b : a;
                yield return new CheckProblem(OneWay, $"{a.HostName} {b.HostName}", $"{hears.HostName} hears {deaf.HostName}, but {deaf.HostName} does not hear {hears.HostName}: packets are lost on the way to {deaf.HostName}.");
            }
            if (AreBothThere(a, b) && !transit.Exists(third => IsUp(a, third) && IsUp(third, b)))
                yield return new CheckProblem(Unreached, $"{a.HostName} {b.HostName}", $"{a.HostName} and {b.HostName} do not reach each other: {Why(a, b)}, and no transit node has links with both.") { Pair = (a.Id, b.Id) };
        }
    }

    /// <summary>
    /// Links whose ends say unlike things of the way between them. In a mesh of more than 64 nodes, or of agents that do not tell, nobody says so, and nothing is found.
    /// </summary>
    private static IEnumerable<CheckProblem> OfWays(ImmutableArray<GraphMember> members)
    {
        var byId = members.ToDictionary(member => member.Id);
        foreach (var a in members)
        {
            foreach (var (id, mine) in (a.Speaks?.Figures ?? NoFigures).Where(link => link.Key > a.Id).OrderBy(link => link.Key))
            {
                if (!byId.TryGetValue(id, out var b) || b.Speaks?.Figures.TryGetValue(a.Id, out var theirs) != true)
                    continue;
                if (mine.Mtu > 0 && theirs.Mtu > 0 && Math.Abs(mine.Mtu - theirs.Mtu) >= MtuStep)
                    yield return new CheckProblem(Mtu, $"{a.HostName} {b.HostName}", $"The link of {a.HostName} and {b.HostName} has an MTU of {mine.Mtu} at {a.HostName} and of {theirs.Mtu} at {b.HostName}: large packets may pass one way alone.");
                if (mine.Family > 0 && theirs.Family > 0 && mine.Family != theirs.Family)
                    yield return new CheckProblem(Family, $"{a.HostName} {b.HostName}", $"{a.HostName} calls {b.HostName} by IPv{mine.Family}, and {b.HostName} calls {a.HostName} by IPv{theirs.Family}: one of these does not work both ways.");
            }
        }
    }

    /// <summary>Pairs of which one says that their link is not up, each once.</summary>
    private static IEnumerable<(GraphMember A, GraphMember B)> NotUp(ImmutableArray<GraphMember> members, Dictionary<uint, GraphMember> byId) =>
        members.SelectMany(member => (member.Speaks?.Exceptions?.Keys ?? []).Where(byId.ContainsKey).Select(other => (Math.Min(member.Id, other), Math.Max(member.Id, other))))
            .Distinct().Select(pair => (byId[pair.Item1], byId[pair.Item2]));

    /// <summary>The one that does not hear the other, where that one hears it; null: both do, neither does, or one does not say.</summary>
    private static GraphMember? IsOneWay(GraphMember a, GraphMember b) => (a.Says(b), b.Says(a)) switch
    {
        (LinkReason.NoAnswer, LinkReason.None or LinkReason.NoSession) => a,
        (LinkReason.None or LinkReason.NoSession, LinkReason.NoAnswer) => b,
        _ => null,
    };

    /// <summary>One that is lost, or off, reaches nobody: that is no pair's fault.</summary>
    private static bool AreBothThere(GraphMember a, GraphMember b) => a.Speaks is { IsDeaf: false } && b.Speaks is { IsDeaf: false };

    private static bool IsUp(GraphMember a, GraphMember b) => a.Id == b.Id || Links.Between(a, b).State == LinkState.Up;

    private static string Why(GraphMember a, GraphMember b) => Links.Between(a, b).Reason switch
    {
        LinkReason.NoDirectPath => "by what the map says they cannot meet",
        LinkReason.NoSession => "there is no BGP session on their link",
        LinkReason.NoAnswer => "neither answers the other",
        _ => "their link is not up",
    };
}

/// <param name="Problems">What was found, the first of each check.</param>
/// <param name="Found">How much each check found.</param>
/// <param name="Nodes">Members.</param>
/// <param name="Unheard">Of them, those that do not say how they stand.</param>
internal sealed record CheckResult(ImmutableArray<CheckProblem> Problems, IReadOnlyDictionary<string, int> Found, int Nodes, int Unheard);

/// <param name="Check">Of <see cref="MeshChecks.Names"/>.</param>
/// <param name="Subject">A node, a pair, an address.</param>
/// <param name="Text">One sentence.</param>
internal sealed record CheckProblem(string Check, string Subject, string Text)
{
    /// <summary>Of two nodes that do not reach each other; null: it is about something else.</summary>
    public (uint A, uint B)? Pair { get; init; }
}
