using System.Net.Sockets;
using Meshover.Mesh.Planning;
using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>The names that the template of the neighbours outside the mesh sees (<c>bgpd.neighbors.conf.liquid</c>).</summary>
internal static class ExternalValues
{
    private static readonly (string Name, string Word, AddressFamily Family)[] _families =
        [("ipv4", "ip", AddressFamily.InterNetwork), ("ipv6", "ipv6", AddressFamily.InterNetworkV6)];

    public static ScriptObject From(RoutingModel model) => new()
    {
        ["asn"] = model.Asn.ToString(),
        ["own_asns"] = string.Join(' ', model.ExternalNeighbors.Select(n => n.LocalAs).OfType<Meshover.Mesh.Identity.Asn>().Append(model.Asn).Distinct().Order()),
        ["mark"] = ExternalMarks.FromOutside,
        ["marks"] = ExternalMarks.Any,
        ["med"] = ExternalMarks.Med,
        ["neighbors"] = Array(model.ExternalNeighbors.Select(n => Neighbor(n, model))),
        ["families"] = Array(_families.Select(family => Family(family.Name, family.Family, model))),
    };

    private static ScriptObject Neighbor(ExternalNeighbor neighbor, RoutingModel model) => new()
    {
        ["name"] = neighbor.Name,
        ["session"] = Array(Session(neighbor)),
        ["lists"] = Array(_families.Where(f => neighbor.Speaks(f.Family)).SelectMany(f => Lists(f.Word, neighbor, new ExternalLists(model, f.Family)))),
        ["has_communities_in"] = !neighbor.In.Communities.IsEmpty,
        ["communities_in"] = Array(neighbor.In.Communities.Select((c, i) => $"seq {5 * (i + 1)} permit {c}")),
        ["communities_out"] = string.Join(' ', neighbor.Out.Communities),
        ["as_path_in"] = neighbor.In.AsPath ?? "",
        ["as_path_out"] = neighbor.Out.AsPath ?? "",
    };

    private static IEnumerable<ScriptObject> Lists(string word, ExternalNeighbor neighbor, ExternalLists lists) =>
        lists.In(neighbor).Select(e => Entry(word, "FROM", e)).Concat(lists.Out(neighbor).Select(e => Entry(word, "TO", e)));

    private static ScriptObject Entry(string word, string way, PrefixListEntry entry) => new()
    {
        ["word"] = word,
        ["way"] = way,
        ["seq"] = entry.Seq,
        ["action"] = entry.Permit ? "permit" : "deny",
        ["range"] = entry.Range,
    };

    private static ScriptObject Family(string name, AddressFamily family, RoutingModel model) => new()
    {
        ["name"] = name,
        ["neighbors"] = Array(model.ExternalNeighbors.Where(n => n.Speaks(family)).Select(n => new ScriptObject { ["name"] = n.Name, ["filters"] = Array(Filters(n, Most(n, family, model))) })),
    };

    /// <summary>What follows <c>neighbor NAME</c>; the first line makes it.</summary>
    private static IEnumerable<string> Session(ExternalNeighbor neighbor)
    {
        yield return neighbor.Address is null ? $"interface v6only remote-as {neighbor.RemoteAs}" : $"remote-as {neighbor.RemoteAs}";
        if (neighbor is { Address: not null, Interface: { } link })
            yield return $"interface {link}";
        // Without replace-as, the mesh's own number would stand behind the one that is told.
        if (neighbor.LocalAs is { } local)
            yield return $"local-as {local} no-prepend replace-as";
        if (neighbor.Password is { } password)
            yield return $"password {password}";
        if (neighbor.Port != ExternalNeighbor.DefaultPort)
            yield return $"port {neighbor.Port}";
        if (neighbor.UpdateSource is { } source)
            yield return $"update-source {source}";
        if (neighbor.TtlSecurityHops is { } hops)
            yield return $"ttl-security hops {hops}";
        if (neighbor.EbgpMultihop is { } ttl)
            yield return $"ebgp-multihop {ttl}";
        if (neighbor.Bfd)
            yield return "bfd";
        // Where there is no address it goes without saying.
        if (neighbor.Address?.AddressFamily == AddressFamily.InterNetworkV6)
            yield return "capability extended-nexthop";
    }

    /// <summary>What follows <c>neighbor NAME</c> in an address family. It is activated last: no route passes before its filters stand.</summary>
    private static IEnumerable<string> Filters(ExternalNeighbor neighbor, long most)
    {
        var name = neighbor.Name;
        yield return $"prefix-list MO-OUTSIDE-FROM-{name} in";
        yield return $"prefix-list MO-OUTSIDE-TO-{name} out";
        if (neighbor.In.AsPath is not null)
            yield return $"filter-list MO-OUTSIDE-FROM-{name} in";
        if (neighbor.Out.AsPath is not null)
            yield return $"filter-list MO-OUTSIDE-TO-{name} out";
        yield return $"route-map MO-OUTSIDE-IN{(neighbor.In.Communities.IsEmpty ? "" : $"-{name}")} in";
        yield return $"route-map MO-OUTSIDE-OUT{(neighbor.Out.Communities.IsEmpty ? "" : $"-{name}")} out";
        yield return "remove-private-AS all";
        yield return $"maximum-prefix {most} restart 5";
        if (neighbor.Out.DefaultRoute)
            yield return "default-originate";
        yield return "activate";
    }

    /// <summary>
    /// No more than a quarter of what the other nodes let this one tell them: beyond their bound they close its session. The same whatever other
    /// neighbours there are, so that one that comes or goes changes nothing of theirs.
    /// </summary>
    private static long Most(ExternalNeighbor neighbor, AddressFamily family, RoutingModel model) =>
        Math.Min(neighbor.MaximumPrefix, Math.Max(1, PrefixBound.Of(model, family) / 4));

    private static ScriptArray Array(IEnumerable<object> items) => new(items);
}
