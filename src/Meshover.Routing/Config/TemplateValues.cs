using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Planning;
using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>The names that a template sees. Written out by hand: no reflection, and a rename in the model breaks no user's template.</summary>
internal static partial class TemplateValues
{
    public static ScriptObject From(RoutingModel model) => new()
    {
        ["host_name"] = Word(model.HostName),
        ["asn"] = model.Asn.ToString(),
        ["router_id"] = model.RouterId.ToString(),
        ["source4"] = model.Source4.ToString(),
        ["source6"] = model.Source6.ToString(),
        ["bgp_port"] = model.BgpPort,
        ["is_transit"] = model.IsTransit,
        ["max_mesh_hops"] = model.MaxMeshHops,
        ["as_path"] = AsPaths.For(model.MaxMeshHops),
        ["mesh4"] = Entries(MeshPrefixes.V4(model)),
        ["mesh6"] = Entries(MeshPrefixes.V6(model)),
        ["granted4"] = Entries(Granted(model, model.Pool4)),
        ["granted6"] = Entries(Granted(model, model.Pool6)),
        ["families"] = new ScriptArray
        {
            Family("ipv4", model, AddressFamily.InterNetwork),
            Family("ipv6", model, AddressFamily.InterNetworkV6),
        },
        ["neighbors"] = Array(model.Neighbors.Select(n => Neighbor(n, model))),
        ["bfd"] = new ScriptObject { ["interval_ms"] = model.BfdIntervalMs, ["multiplier"] = model.BfdMultiplier },
    };

    private static ScriptObject Neighbor(NeighborModel neighbor, RoutingModel model) => new()
    {
        ["id"] = $"{neighbor.Node.Value:x8}",
        ["host_name"] = Word(neighbor.HostName),
        ["interface"] = Word(neighbor.Interface),
        ["asn"] = neighbor.Asn.ToString(),
        ["is_transit"] = neighbor.IsTransit,
        ["cost"] = neighbor.Cost,
        ["from4"] = Entries(PrefixListEntry.ForGrants(Of(neighbor.MayOriginate, AddressFamily.InterNetwork))),
        ["from6"] = Entries(PrefixListEntry.ForGrants(Of(neighbor.MayOriginate, AddressFamily.InterNetworkV6))),
        ["accept"] = Array(Accept(neighbor, model)),
    };

    /// <summary>What is taken from a neighbour: its own at one mesh hop; from a transit node also others' at two and more.</summary>
    private static IEnumerable<ScriptObject> Accept(NeighborModel neighbor, RoutingModel model)
    {
        var own = $"MO-FROM-{neighbor.Node.Value:x8}";
        yield return AcceptEntry(10, "ip", own, "MO-ONE");
        yield return AcceptEntry(20, "ipv6", own, "MO-ONE");
        if (!neighbor.IsTransit || model.MaxMeshHops < 2) yield break;
        yield return AcceptEntry(30, "ip", "MO-GRANTED", "MO-MORE");
        yield return AcceptEntry(40, "ipv6", "MO-GRANTED", "MO-MORE");
    }

    private static ScriptObject AcceptEntry(int seq, string family, string list, string asPath) =>
        new() { ["seq"] = seq, ["family"] = family, ["list"] = list, ["as_path"] = asPath };

    private static ScriptObject Family(string name, RoutingModel model, AddressFamily family) => new()
    {
        ["name"] = name,
        ["networks"] = Array(model.Networks.Where(n => n.BaseAddress.AddressFamily == family).Select(PrefixListEntry.Text)),
    };

    private static List<PrefixListEntry> Granted(RoutingModel model, IPNetwork pool)
    {
        var grants = Of(model.Grants.Select(g => g.Grant), pool.BaseAddress.AddressFamily);
        return [new PrefixListEntry(SeqOfPool, true, MeshPrefixes.NodeAddresses(pool)), .. PrefixListEntry.ForGrants(grants)];
    }

    /// <summary>Above every number that <see cref="PrefixListEntry.ForGrants"/> gives out.</summary>
    private const uint SeqOfPool = 4_000_000_000;

    private static IEnumerable<RouteGrant> Of(IEnumerable<RouteGrant> grants, AddressFamily family) =>
        grants.Where(g => g.Prefix.BaseAddress.AddressFamily == family);

    private static ScriptArray Entries(IEnumerable<PrefixListEntry> entries) => Array(entries.OrderBy(e => e.Seq).Select(e =>
        new ScriptObject { ["seq"] = e.Seq, ["action"] = e.Permit ? "permit" : "deny", ["range"] = e.Range }));

    private static ScriptArray Array(IEnumerable<object> items) => new(items);

    /// <summary>A name becomes part of a line of configuration: anything that could end the line or start a word is refused.</summary>
    private static string Word(string name) => PlainWord().IsMatch(name)
        ? name
        : throw new ArgumentException($"'{name}' cannot stand in FRR's configuration: letters, digits, '.', '-' and '_' only", nameof(name));

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,253}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainWord();
}
