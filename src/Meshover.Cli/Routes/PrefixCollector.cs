using System.Collections.Immutable;
using System.Net;
using Google.Protobuf;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Routes;

/// <summary>
/// Asks the map on disk, bgpd (by `meshover routing`) and the kernel. What does not answer is a note, and no failure. Costs a dump of the kernel's routes, a question to bgpd for each
/// prefix around, for each part that is known and for each node that announced or told one, and one for each of at most 64 neighbours, for which no more is asked after half a minute.
/// </summary>
internal sealed class PrefixCollector(NodePaths paths, IRouteNetlink netlink, AgentStatus status)
{
    /// <summary>Parts of a large prefix that bgpd is asked for.</summary>
    private const int MostParts = 1024;

    /// <summary>Nodes that it is asked for what the ways to them cost.</summary>
    private const int MostLinks = 1024;

    private static readonly TimeSpan SaidAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, string> _hosts = status.Peers.DistinctBy(peer => peer.Link).ToDictionary(peer => peer.Link, peer => peer.Hostname);
    private readonly List<string> _notes = [];

    public async Task<PrefixFacts> CollectAsync(IPNetwork asked, CancellationToken cancel)
    {
        var facts = new PrefixFacts { Asked = asked, Map = ReadMap(), Status = status, Kernel = ReadKernel(asked) };
        if (status.Routing?.State == "off")
            _notes.Add("This node runs no FRR (routing: off): what others announce is not known here.");
        else
            facts = await AskBgpAsync(facts, new RoutingClient(paths.RoutingSocket), cancel);
        return facts with { Notes = [.. _notes] };
    }

    private MeshSnapshot ReadMap()
    {
        try
        {
            return MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(paths.MapFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            _notes.Add($"Who is granted what is not known: {paths.MapFile} cannot be read ({e.Message}).");
            return new MeshSnapshot();
        }
    }

    private ImmutableArray<KernelRoute> ReadKernel(IPNetwork asked)
    {
        var names = netlink.GetLinks().ToDictionary(link => link.Index, link => Named(link.Name));
        return
        [
            .. netlink.GetRoutes(new RouteFilter { Family = asked.BaseAddress.AddressFamily })
                .Where(route => !route.IsCached && route.Table != KernelNames.Default.UnderlayTable && Prefixes.Overlap(route.Destination, asked))
                .Select(route => new KernelRoute(route.Destination, route.Kind, route.Protocol, route.Table, route.Metric, [.. LinksOf(route).Select(link => names.GetValueOrDefault(link, $"interface {link}"))])),
        ];
    }

    private static IEnumerable<int> LinksOf(RouteInfo route) => route switch
    {
        { Kind: not (RouteKind.Unicast or RouteKind.Local) } => [],
        { NextHops.IsDefaultOrEmpty: false } => route.NextHops.Select(hop => hop.OutputLink),
        { OutputLink: 0 } => [],
        _ => [route.OutputLink],
    };

    private string Named(string link) => _hosts.TryGetValue(link, out var host) ? $"{link} ({host})" : link;

    private async Task<PrefixFacts> AskBgpAsync(PrefixFacts facts, RoutingClient routing, CancellationToken cancel)
    {
        facts = await AskRefusedAsync(facts, routing, cancel);
        var wanted = Wanted(facts);
        if (await TryAsync("What BGP has", async () => (await routing.GetPathsAsync(wanted, cancel)).Paths) is { } paths)
            facts = facts with { Paths = paths, PathsOf = [.. wanted], ToNodes = await AskNodesAsync(paths, routing, cancel) };
        var isOnConditions = status.Announcements.Any(one => one.Mode.Length > 0 && PrefixJudge.Overlaps(one.Prefix, facts.Asked));
        return isOnConditions
            ? facts with { Leased = await TryAsync("What is leased", async () => (await routing.GetRunningAsync(cancel))?.Leased ?? []) ?? [] }
            : facts;
    }

    /// <summary>Of one family is enough: both go by the same link.</summary>
    private async Task<ImmutableArray<AnnouncedPath>> AskNodesAsync(ImmutableArray<AnnouncedPath> paths, RoutingClient routing, CancellationToken cancel)
    {
        var nodes = paths.SelectMany(path => new[] { path.Neighbor, path.Origin }).ToHashSet();
        var addresses = status.Peers.Where(peer => nodes.Contains(peer.Asn)).SelectMany(peer => PrefixJudge.Parse($"{peer.Address4}/32")).Distinct().ToList();
        if (addresses.Count == 0)
            return [];
        if (addresses.Count > MostLinks)
            _notes.Add($"What {addresses.Count - MostLinks} of {addresses.Count} links cost was not asked: ask for a longer prefix.");
        return await TryAsync("What the links cost", async () => (await routing.GetPathsAsync(addresses.Take(MostLinks), cancel)).Paths) ?? [];
    }

    private async Task<PrefixFacts> AskRefusedAsync(PrefixFacts facts, RoutingClient routing, CancellationToken cancel)
    {
        var neighbors = Neighbors(facts);
        var asking = new RefusedBatches((links, token) => routing.GetRefusedAsync(facts.Asked, links, token), TimeProvider.System).AskAsync(neighbors, cancel);
        if (await Task.WhenAny(asking, Task.Delay(SaidAfter, TimeProvider.System, cancel)) != asking)
            await Console.Error.WriteLineAsync($"meshover: asking bgpd what this node refuses of {neighbors.Length} neighbours ...");
        var answer = await asking;
        if (answer.Problem.Length > 0)
            _notes.Add($"What {neighbors.Length - answer.Of.Count} of {neighbors.Length} neighbours announce and this node refuses is not known: {answer.Problem}.");
        return facts with { Refused = answer.Refused, RefusedOf = answer.Of };
    }

    /// <returns>Null: it is not known.</returns>
    private async Task<ImmutableArray<T>?> TryAsync<T>(string what, Func<Task<ImmutableArray<T>>> ask)
    {
        try
        {
            return await ask();
        }
        catch (RoutingException e)
        {
            _notes.Add($"{what} is not known: {e.Message}.");
            return null;
        }
    }

    /// <summary>Those who may announce something of it are asked first.</summary>
    private ImmutableArray<string> Neighbors(PrefixFacts facts)
    {
        var holders = facts.Map.Nodes.Where(node => node.Grants.Any(grant => PrefixJudge.Overlaps(grant.Prefix, facts.Asked))).Select(node => node.Id).ToHashSet();
        var there = facts.Speakers.OrderByDescending(peer => holders.Contains(peer.NodeId)).Select(peer => peer.Link).ToList();
        if (there.Count > RefusedPath.MostNeighbors)
            _notes.Add($"{there.Count - RefusedPath.MostNeighbors} of {there.Count} neighbours were not asked for what this node refuses of them.");
        return [.. there.Take(RefusedPath.MostNeighbors)];
    }

    /// <summary>The prefix, all that could be around it, and its parts that somebody is granted, has announced, or the kernel has.</summary>
    private ImmutableArray<IPNetwork> Wanted(PrefixFacts facts)
    {
        var parts = facts.Kernel.Where(route => route.Protocol == RouteProtocols.Bgp).Select(route => route.Prefix)
            .Concat(facts.Map.Nodes.SelectMany(node => node.Grants).Select(grant => grant.Prefix).Concat(facts.Refused.Select(refused => refused.Prefix)).Concat(status.Announcements.Select(one => one.Prefix)).SelectMany(PrefixJudge.Parse))
            .Where(prefix => Prefixes.Covers(facts.Asked, prefix) && prefix != facts.Asked).Distinct().ToList();
        if (parts.Count > MostParts)
            _notes.Add($"BGP was asked for {MostParts} of {parts.Count} parts of it: ask for a longer prefix.");
        return
        [
            .. Enumerable.Range(0, facts.Asked.PrefixLength + 1).Reverse().Select(length => Prefixes.Containing(facts.Asked.BaseAddress, length)),
            .. parts.Take(MostParts),
        ];
    }
}
