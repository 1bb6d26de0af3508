using System.Collections.Immutable;
using System.Net;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using RouteGrant = Meshover.Mesh.Addressing.RouteGrant;
using WireAnnouncement = Meshover.Contract.V1.Announcement;

namespace Meshover.Cli.Routes;

/// <summary>Who announces a prefix and what overlaps it, who of them is accepted on this node, and why not. Pure.</summary>
internal sealed class PrefixJudge
{
    private const string Unknown = "unknown";
    private const string InTheWay = "its AS path has more hops than the mesh takes, it came by a node that passes nothing on any more, or a snippet or template of this node's own is in the way (`meshover frr render`)";
    private static readonly string[] Order = ["exact", "covers", "within"];

    private readonly PrefixFacts _facts;
    private readonly Dictionary<uint, NodeInfo> _members = [];
    private readonly ImmutableArray<IPNetwork> _pools;
    private readonly WayJudge _ways;

    public PrefixJudge(PrefixFacts facts)
    {
        _facts = facts;
        foreach (var node in facts.Map.Nodes)
            _members.TryAdd(node.Asn, node);
        _pools = [.. new[] { facts.Map.Settings?.Pool4, facts.Map.Settings?.Pool6, facts.Map.Settings?.TunnelPool }.SelectMany(Parse)];
        _ways = new WayJudge(facts, NameOf);
    }

    private uint Self => _facts.Status.Asn;

    /// <summary>Nothing of what is no prefix: it comes from other machines.</summary>
    public static IEnumerable<IPNetwork> Parse(string? text) => IPNetwork.TryParse(text, out var prefix) ? [prefix] : [];

    public static bool Overlaps(string text, IPNetwork asked) => Parse(text).Any(prefix => Prefixes.Overlap(prefix, asked));

    /// <summary>exact, covers or within.</summary>
    public string MatchOf(IPNetwork prefix) => prefix == _facts.Asked ? "exact" : Prefixes.Covers(prefix, _facts.Asked) ? "covers" : "within";

    /// <summary>The prefix itself first, then what is around it, the longest first, then its parts.</summary>
    public IEnumerable<RouteAnnouncement> Announcements()
    {
        var accepted = _facts.Paths.Where(path => path.Origin != 0 && path.Router is null).GroupBy(path => (path.Prefix, path.Origin)).ToList();
        var known = accepted.Select(group => group.Key).ToHashSet();
        return Own()
            .Concat(Learned())
            .Concat(accepted.SelectMany(group => Parse(group.Key.Prefix), (group, prefix) => Accepted(prefix, NameOf(group.Key.Origin), [.. group])))
            .Concat(_facts.Refused.Where(refused => refused.Origin != Self && !known.Contains((refused.Prefix, refused.Origin)))
                .DistinctBy(refused => (refused.Prefix, refused.Origin, refused.Origin == 0 ? refused.Neighbor : "")).SelectMany(refused => Parse(refused.Prefix), (refused, prefix) => Refused(prefix, refused)))
            .OrderBy(row => Array.IndexOf(Order, row.Match)).ThenByDescending(row => row.Match == "covers" ? IPNetwork.Parse(row.Prefix).PrefixLength : 0)
            .ThenBy(row => row.Prefix, StringComparer.Ordinal).ThenBy(row => row.State == "refused").ThenBy(row => row.Node, StringComparer.Ordinal);
    }

    public IEnumerable<RouteHolder> Holders(IReadOnlyCollection<RouteAnnouncement> announcements) =>
        from node in _facts.Map.Nodes
        from grant in GrantsOf(node)
        where Prefixes.Overlap(grant.Prefix, _facts.Asked)
        orderby Array.IndexOf(Order, MatchOf(grant.Prefix)), grant.Prefix.PrefixLength descending, node.Hostname
        select new RouteHolder
        {
            Node = node.Hostname,
            Prefix = $"{grant.Prefix}",
            Match = MatchOf(grant.Prefix),
            MaxLength = grant.MaxLength,
            Name = grant.Name,
            Silent = announcements.Any(one => one.Node == node.Hostname && one.State != "withdrawn" && Parse(one.Prefix).Any(grant.Covers)) ? null : WhySilent(node, grant.Prefix),
        };

    public IEnumerable<RouteHeld> Held() => _facts.Kernel
        .OrderBy(route => Array.IndexOf(Order, MatchOf(route.Prefix))).ThenByDescending(route => route.Prefix.PrefixLength).ThenBy(route => route.Table).ThenBy(route => route.Metric)
        .Select(route => new RouteHeld
        {
            Prefix = $"{route.Prefix}",
            Match = MatchOf(route.Prefix),
            Kind = route.Kind.ToString().ToLowerInvariant(),
            Protocol = Protocol(route.Protocol),
            Table = route.Table,
            Metric = route.Metric,
            By = route.By,
        });

    /// <summary>What this node itself announces, or is to announce.</summary>
    private IEnumerable<RouteAnnouncement> Own()
    {
        var asked = _facts.Status.Announcements.Where(one => Overlaps(one.Prefix, _facts.Asked)).DistinctBy(one => one.Prefix).ToDictionary(one => one.Prefix);
        var paths = _facts.Paths.Where(path => path.IsOwn).DistinctBy(path => path.Prefix).ToDictionary(path => path.Prefix);
        foreach (var prefix in asked.Keys.Union(paths.Keys).SelectMany(Parse))
        {
            var (wish, path) = (asked.GetValueOrDefault($"{prefix}"), paths.GetValueOrDefault($"{prefix}"));
            var isAnnounced = path is not null || wish is { Withdrawn: false };
            yield return Row(prefix, _facts.Status.Hostname, isAnnounced ? "own" : "withdrawn", WhyOwn(prefix, wish)) with
            {
                Role = path?.Failover is { } failover ? Word(failover) : wish is { Role.Length: > 0 } ? wish.Role : null,
                Priority = path?.Failover?.Priority,
            };
        }
    }

    private string WhyOwn(IPNetwork prefix, WireAnnouncement? wish)
    {
        if (wish is null)
            return _members.GetValueOrDefault(Self)?.FurtherAddresses.FirstOrDefault(further => Hosts([further.Address]).Contains(prefix)) is { } further
                ? $"This node announces it: a further address of its own{(further.Note.Length > 0 ? $" ({further.Note})" : "")}."
                : "This node announces it.";
        string[] sentences =
        [
            wish.Withdrawn ? "This node does not announce it now." : $"This node announces it ({string.Join(", ", wish.Sources)}).",
            wish.Granted ? "" : $"It was not granted, so the others refuse it: `meshover grant add {_facts.Status.Hostname} {prefix}` on the controller.",
            wish.Reason.Length > 0 ? Sentence(wish.Reason) : "",
            wish.Mode.Length > 0 ? $"Conditions: {wish.Mode}{(wish.Check.Length > 0 ? $", while {wish.Check} succeeds" : "")}"
                + $"{(_facts.Leased.Contains($"{prefix}") ? ", leased: it ends some seconds after the agent does" : "")}"
                + $"{(wish.ExpiresUnix > 0 ? $", until {DateTimeOffset.FromUnixTimeSeconds(wish.ExpiresUnix):u}" : "")}." : "",
        ];
        return string.Join(' ', sentences.Where(sentence => sentence.Length > 0));
    }

    /// <summary>What routers outside tell this node, which announces it in the mesh as its own.</summary>
    private IEnumerable<RouteAnnouncement> Learned() => _facts.Paths.Where(path => path.Router is not null).GroupBy(path => (path.Prefix, Router: path.Router!))
        .SelectMany(told => Parse(told.Key.Prefix), (told, prefix) =>
        {
            var row = Accepted(prefix, _facts.Status.Hostname, [.. told]);
            return row with { NextHops = [told.Key.Router], Reason = $"Learned from {told.Key.Router}, a router outside the mesh. {row.Reason}" };
        });

    private RouteAnnouncement Accepted(IPNetwork prefix, string node, ImmutableArray<AnnouncedPath> paths)
    {
        var used = _ways.SaysUse(paths[0].Prefix) ? paths.RemoveAll(path => !path.IsUsed) : paths;
        var failover = paths.Select(path => path.Failover).FirstOrDefault(failover => failover is not null);
        var (state, reason) = used.IsEmpty ? ("accepted", WhySpare(failover)) : Kernel(prefix);
        var best = used.IsEmpty ? paths : used;
        return Row(prefix, node, state, paths.Any(path => path.IsGoing) ? $"{reason} It, or a node on the way, is about to go." : reason) with
        {
            Cost = best.Min(path => path.Cost),
            NextHops = [.. best.Where(path => path.Neighbor != 0).Select(path => NameOf(path.Neighbor)).Distinct()],
            Role = failover is { } role ? Word(role) : null,
            Priority = failover?.Priority,
            Ways = _ways.Of(paths),
        };
    }

    private static string WhySpare(Failover? failover) => failover is { Role: FailoverRole.Standby }
        ? "Accepted; it stands by, and another has it."
        : "Accepted; another announcement of it is better by its preference or cost.";

    /// <summary>What the kernel makes of BGP's choice.</summary>
    private (string State, string Reason) Kernel(IPNetwork prefix) => _facts.Kernel
        .Where(route => route.Prefix == prefix && route.Table == RouteInfo.MainTable).OrderBy(route => route.Metric).FirstOrDefault() switch
    {
        { Protocol: RouteProtocols.Bgp } => ("used", "Accepted, and the kernel has it."),
        { Protocol: var protocol } when protocol == KernelNames.Default.Protocol => ("not-in-kernel", "Accepted, but the kernel does not have it: `meshover status --problems` says why, if it is known."),
        { } other => ("shadowed", $"Accepted, but this machine has a route of the same prefix that comes first: {Protocol(other.Protocol)}{(other.By.IsEmpty ? "" : $" by {string.Join(" or ", other.By)}")}. Remove that to use the mesh's."),
        null => ("not-in-kernel", "Accepted, but the kernel does not have it: `meshover status --problems` says why, if it is known."),
    };

    private RouteAnnouncement Refused(IPNetwork prefix, RefusedPath refused)
    {
        var node = _members.GetValueOrDefault(refused.Origin);
        var neighbor = _facts.Status.Peers.FirstOrDefault(peer => peer.Link == refused.Neighbor)?.Hostname;
        var row = Row(prefix, NameOf(refused.Origin), "refused", refused.Origin == 0 ? "Refused: its AS path does not say which node announces it." : WhyRefused(prefix, node));
        return neighbor is null || neighbor == row.Node ? row : row with { Reason = $"{row.Reason} It came by {neighbor}." };
    }

    private string WhyRefused(IPNetwork prefix, NodeInfo? node)
    {
        if (node is null)
            return "Refused: who announces it is no member of the mesh that this node's map has.";
        if (Prefixes.Bogons.Any(bogon => Prefixes.Covers(bogon, prefix)))
            return "Refused, whatever was granted: such addresses are never routed (RFC 6890).";
        if (Addresses(node).Contains(prefix))
            return $"Refused, although it is the node's own address: {InTheWay}.";
        if (Hosts(node.RestingAddresses).Contains(prefix))
            return "Refused: it was this node's further address, and was taken from it; the node has not heard of that, or not done it.";
        if (_pools.Where(pool => Prefixes.Covers(pool, prefix)).Select(pool => $"{pool}").FirstOrDefault() is { } own)
            return $"Refused: it lies in {own}, the mesh's own pool, of which a node announces its own addresses alone.";
        return GrantJudgement.Of([.. GrantsOf(node)], prefix) switch
        {
            { Fit: GrantFit.Granted } when prefix.PrefixLength == 0 => "Refused: it was granted, but is a default route, which only a node with accept-default takes.",
            { Fit: GrantFit.Granted } => $"Refused, although it was granted: {InTheWay}.",
            { Fit: GrantFit.TooLong, By: var wider } => $"Refused: its grant of {wider.Prefix} ends at /{wider.MaxLength}.",
            { Fit: GrantFit.TooWide, By: var narrower } => $"Refused: it was granted {narrower.Prefix} alone, which is less.",
            _ => $"Refused: it was not granted. `meshover grant add {node.Hostname} {prefix}` on the controller lets it in.",
        };
    }

    private string WhySilent(NodeInfo node, IPNetwork granted)
    {
        if (node.Asn == Self)
            return "this node announces nothing of it now";
        var peer = _facts.Status.Peers.FirstOrDefault(one => one.NodeId == node.Id);
        if (peer is { Path: "none" })
            return $"no way leads to it: {peer.PathReason}";
        if (!_facts.PathsOf.Contains(Prefixes.Covers(granted, _facts.Asked) ? _facts.Asked : granted))
            return "whether it announces anything of it is not known";
        return IsRefusedKnown(peer) ? "it announces nothing of it that is accepted here" : "nothing of it is accepted here; whether something is refused is not known";
    }

    /// <summary>What a node announces comes by its own link, where there is a session; else any other may bring it.</summary>
    private bool IsRefusedKnown(PeerStatus? peer) =>
        (peer is not null && _facts.RefusedOf.Contains(peer.Link)) || _facts.Speakers.All(speaker => _facts.RefusedOf.Contains(speaker.Link));

    private static IEnumerable<IPNetwork> Addresses(NodeInfo node) =>
        Hosts([node.Address4, node.Address6, .. node.FurtherAddresses.Select(further => further.Address)]);

    private static IEnumerable<IPNetwork> Hosts(IEnumerable<string> addresses) =>
        addresses.SelectMany(text => IPAddress.TryParse(text, out var address) ? [Prefixes.Host(address)] : Array.Empty<IPNetwork>());

    private RouteAnnouncement Row(IPNetwork prefix, string node, string state, string reason) => new()
    {
        Prefix = $"{prefix}",
        Match = MatchOf(prefix),
        Node = node,
        State = state,
        Reason = reason,
        Cost = null,
        NextHops = [],
        Role = null,
        Priority = null,
        Ways = [],
    };

    private string NameOf(uint asn) => asn switch
    {
        0 => Unknown,
        _ when asn == Self => _facts.Status.Hostname,
        _ => _members.TryGetValue(asn, out var node) ? node.Hostname : $"AS {asn}",
    };

    private static IEnumerable<RouteGrant> GrantsOf(NodeInfo node) =>
        node.Grants.SelectMany(grant => Parse(grant.Prefix), (grant, prefix) => new RouteGrant(prefix, grant.MaxLength == 0 ? prefix.PrefixLength : (int)Math.Min(grant.MaxLength, 128))
        {
            Name = grant.Name.Length > 0 ? grant.Name : null,
        });

    private static string Word(Failover failover) => failover.Role.ToString().ToLowerInvariant();

    private static string Sentence(string text) => text.EndsWith('.') ? text : $"{text}.";

    private static string Protocol(byte number) => number switch
    {
        RouteProtocols.Kernel => "kernel",
        RouteProtocols.Boot => "boot",
        RouteProtocols.Static => "static",
        RouteProtocols.RouterAdvertisement => "ra",
        RouteProtocols.Zebra => "zebra",
        RouteProtocols.Dhcp => "dhcp",
        RouteProtocols.Bgp => "bgp",
        _ => number == KernelNames.Default.Protocol ? "meshover" : $"{number}",
    };
}
