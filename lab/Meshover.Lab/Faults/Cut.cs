using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Nftables;

namespace Meshover.Lab.Faults;

/// <summary>
/// A broken cable: what lies between the machines drops every packet between two of them, silently. Disposing it mends the cable.
/// </summary>
public sealed class Cut : IAsyncDisposable
{
    private readonly Nft _nft;
    private readonly string _family;
    private readonly string _table;

    private Cut(Nft nft, string family, string table) => (_nft, _family, _table) = (nft, family, table);

    /// <param name="onlyIPv6">Leaves IPv4 as it is.</param>
    public static Task<Cut> BetweenAsync(LabMesh mesh, LabNode a, LabNode b, bool onlyIPv6, CancellationToken ct) => CutAsync(mesh, a, b, onlyIPv6, oneWay: false, also: "", ct);

    /// <summary>What <paramref name="from"/> sends to <paramref name="to"/> is dropped, and what comes back passes.</summary>
    public static Task<Cut> OneWayAsync(LabMesh mesh, LabNode from, LabNode to, CancellationToken ct) => CutAsync(mesh, from, to, onlyIPv6: false, oneWay: true, also: "", ct);

    /// <summary>A hop that is narrow and keeps silent about it: packets that are longer, in bytes from their IP header on, are dropped that way.</summary>
    public static Task<Cut> LargeAsync(LabMesh mesh, LabNode from, LabNode to, int longest, CancellationToken ct) =>
        CutAsync(mesh, from, to, onlyIPv6: false, oneWay: true, $$"""{"match":{"op":">","left":{"meta":{"key":"length"} },"right":{{longest}} } },""", ct);

    /// <summary>A bad cable: some of the packets are dropped, each way, at random.</summary>
    /// <param name="perMille">1 to 999.</param>
    public static Task<Cut> SomeAsync(LabMesh mesh, LabNode a, LabNode b, int perMille, CancellationToken ct) => CutAsync(
        mesh, a, b, onlyIPv6: false, oneWay: false, $$"""{"match":{"op":"<","left":{"numgen":{"mode":"random","mod":1000,"offset":0} },"right":{{perMille}} } },""", ct);

    private static async Task<Cut> CutAsync(LabMesh mesh, LabNode a, LabNode b, bool onlyIPv6, bool oneWay, string also, CancellationToken ct)
    {
        var nft = new Nft(mesh.Machines[UnderlayPlanner.Middle].NetworkPath);
        // The middle is a bridge or a router; in both its ports have the names of the machines.
        var family = mesh.Options.Underlay == UnderlayKind.Routed ? "inet" : "bridge";
        var cut = new Cut(nft, family, $"cut-{a.Machine.Name}-{b.Machine.Name}");
        await nft.ApplyAsync(cut.Rules(a.Machine.Name, b.Machine.Name, onlyIPv6, oneWay, also), $"cut {a.Machine.Name} from {b.Machine.Name}", ct);
        return cut;
    }

    public async ValueTask DisposeAsync() => await _nft.DeleteTableAsync(_family, _table, CancellationToken.None);

    private string Rules(string a, string b, bool onlyIPv6, bool oneWay, string also) => $$"""
        {"nftables":[
          {"add":{"table":{"family":"{{_family}}","name":"{{_table}}"} } },
          {"add":{"chain":{"family":"{{_family}}","table":"{{_table}}","name":"drop","type":"filter","hook":"forward","prio":0,"policy":"accept"} } },
          {{Drop(a, b, onlyIPv6, also)}}{{(oneWay ? "" : ",")}}
          {{(oneWay ? "" : Drop(b, a, onlyIPv6, also))}}
        ]}
        """;

    private string Drop(string from, string to, bool onlyIPv6, string also) => $$"""
        {"add":{"rule":{"family":"{{_family}}","table":"{{_table}}","chain":"drop","expr":[
          {{Match("iifname", from)}}, {{Match("oifname", to)}}, {{(onlyIPv6 ? Match("protocol", "ip6") + "," : "")}} {{also}} {"drop":null}]} } }
        """;

    private static string Match(string key, string value) => $$"""{"match":{"op":"==","left":{"meta":{"key":"{{key}}"} },"right":"{{value}}"} }""";
}
