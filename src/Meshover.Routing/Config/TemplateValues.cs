using System.Collections.Frozen;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Scriban.Runtime;

namespace Meshover.Routing.Config;

/// <summary>The names that a template sees. Written out by hand: no reflection, and a rename in the model breaks no user's template.</summary>
internal static partial class TemplateValues
{
    private static readonly FrozenDictionary<BfdProfile, string> _profileNames = new Dictionary<BfdProfile, string>
    {
        [BfdProfile.Wan] = "MESH",
        [BfdProfile.Lan] = "MESH-LAN",
        [BfdProfile.Lossy] = "MESH-LOSSY",
    }.ToFrozenDictionary();

    private const string Two = "TWO";

    public static ScriptObject From(RoutingModel model) => new()
    {
        ["host_name"] = Word(model.HostName),
        ["asn"] = model.Asn.ToString(),
        ["router_id"] = model.RouterId.ToString(),
        ["source4"] = model.Source4.ToString(),
        ["source6"] = model.Source6.ToString(),
        ["bgp_port"] = model.BgpPort,
        ["pool4"] = PrefixListEntry.Text(model.Pool4),
        ["pool6"] = PrefixListEntry.Text(model.Pool6),
        ["tunnel_pool"] = PrefixListEntry.Text(model.TunnelPool),
        ["is_transit"] = model.IsTransit,
        ["is_draining"] = model.IsDraining,
        ["standby"] = new ScriptObject { ["mark"] = FailoverMarks.AnyStandby, ["preference"] = FailoverMarks.StandbyPreference },
        ["max_mesh_hops"] = model.MaxMeshHops,
        ["as_path"] = AsPaths.For(model.MaxMeshHops),
        ["granted4"] = Entries(new PrefixLists(model, AddressFamily.InterNetwork).OfAll()),
        ["granted6"] = Entries(new PrefixLists(model, AddressFamily.InterNetworkV6).OfAll()),
        ["resting4"] = Entries(new PrefixLists(model, AddressFamily.InterNetwork).OfResting()),
        ["resting6"] = Entries(new PrefixLists(model, AddressFamily.InterNetworkV6).OfResting()),
        ["costs"] = Array(model.Neighbors.Select(n => (Hops(n), n.Cost)).Distinct().Order()
            .Select(c => MapValues(c.Item1, c.Cost, model))),
        ["base_cost"] = LinkCost.Base,
        ["costs_out"] = Array(model.Neighbors.Select(n => n.Cost).Where(cost => cost != LinkCost.Base).Distinct().Order().Select(cost => (object)cost)),
        ["network_maps"] = Array(NetworkMap.Of(model).Select(NetworkMaps)),
        ["families"] = new ScriptArray
        {
            Family("ipv4", model, AddressFamily.InterNetwork),
            Family("ipv6", model, AddressFamily.InterNetworkV6),
        },
        ["neighbors"] = Array(model.Neighbors.Select(n => Neighbor(n, model))),
        ["bfd"] = new ScriptObject
        {
            ["interval_ms"] = model.Bfd.Wan.IntervalMs,
            ["multiplier"] = model.Bfd.Wan.Multiplier,
            ["profiles"] = Array(_profileNames.Select(profile => BfdTimer(profile.Value, model.Bfd.Of(profile.Key)))),
        },
        ["timers"] = Timers(ControlTimers.For(model.Neighbors.Length)),
    };

    private static ScriptObject Neighbor(NeighborModel neighbor, RoutingModel model) => new()
    {
        ["id"] = $"{neighbor.Node.Value:x8}",
        ["host_name"] = Word(neighbor.HostName),
        ["interface"] = Word(neighbor.Interface),
        ["asn"] = neighbor.Asn.ToString(),
        ["is_transit"] = neighbor.IsTransit,
        ["cost"] = neighbor.Cost,
        ["bfd_profile"] = NameOf(neighbor.BfdProfile),
        ["hops"] = Hops(neighbor),
        ["map"] = MapIn(Hops(neighbor), neighbor.Cost, model),
        ["list"] = neighbor.IsTransit ? "MO-GRANTED" : $"MO-FROM-{neighbor.Node.Value:x8}",
        ["from4"] = From(neighbor, model, AddressFamily.InterNetwork),
        ["from6"] = From(neighbor, model, AddressFamily.InterNetworkV6),
    };

    /// <summary>As bfdd and bgpd have it.</summary>
    internal static string NameOf(BfdProfile profile) => _profileNames[profile];

    private static ScriptObject BfdTimer(string name, BfdTimer timer) => new() { ["name"] = name, ["interval_ms"] = timer.IntervalMs, ["multiplier"] = timer.Multiplier };

    /// <summary>Of a transit neighbour the shared list is used and none of its own is written.</summary>
    private static ScriptArray From(NeighborModel neighbor, RoutingModel model, AddressFamily family) =>
        neighbor.IsTransit ? [] : Entries(new PrefixLists(model, family).Of(neighbor));

    /// <summary>Mesh hops in an AS path that are taken from this neighbour.</summary>
    private static string Hops(NeighborModel neighbor) => neighbor.IsTransit ? Two : "ONE";

    private static ScriptObject MapValues(string hops, int cost, RoutingModel model) => new()
    {
        ["hops"] = hops,
        ["cost"] = cost,
        ["map"] = MapIn(hops, cost, model),
        ["refuses_resting4"] = RefusesResting(hops, model, AddressFamily.InterNetwork),
        ["refuses_resting6"] = RefusesResting(hops, model, AddressFamily.InterNetworkV6),
    };

    /// <summary>By what a map refuses it has its name: none that is in use gets another entry, or loses one.</summary>
    private static string MapIn(string hops, int cost, RoutingModel model)
    {
        var families = (RefusesResting(hops, model, AddressFamily.InterNetwork) ? "4" : "") + (RefusesResting(hops, model, AddressFamily.InterNetworkV6) ? "6" : "");
        return string.Create(CultureInfo.InvariantCulture, $"MO-IN-{hops}{(families.Length > 0 ? $"-RESTING{families}" : "")}-{cost}");
    }

    /// <summary>The lists of other neighbours have their own addresses alone.</summary>
    private static bool RefusesResting(string hops, RoutingModel model, AddressFamily family) =>
        hops == Two && model.Resting.Any(prefix => prefix.BaseAddress.AddressFamily == family);

    private static ScriptObject Family(string name, RoutingModel model, AddressFamily family) => new()
    {
        ["name"] = name,
        ["networks"] = Array(Networks(model, family).Select(n => PrefixListEntry.Text(n.Prefix))),
        ["origins"] = Array(Networks(model, family).Select(NetworkMap.Origin)),
        ["most_prefixes"] = PrefixBound.Of(model, family),
    };

    private static IEnumerable<Announcement> Networks(RoutingModel model, AddressFamily family) =>
        model.Networks.Where(n => n.Prefix.BaseAddress.AddressFamily == family);

    private static ScriptObject NetworkMaps(Announcement network) => new()
    {
        ["name"] = NetworkMap.NameOf(network),
        ["lines"] = Array(NetworkMap.LinesOf(network)),
    };

    private static ScriptObject Timers(ControlTimers timers) => new()
    {
        ["keepalive"] = timers.KeepaliveSeconds,
        ["hold"] = timers.HoldSeconds,
        ["connect"] = timers.ConnectSeconds,
        ["router_advertisement"] = timers.RouterAdvertisementSeconds,
    };

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
