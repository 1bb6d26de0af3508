using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Nftables;

namespace Meshover.Lab.Faults;

/// <summary>
/// A broken cable: what lies between the machines drops every packet between two of them, or of one with all others, silently. Disposing it mends the cable.
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
        CutAsync(mesh, from, to, onlyIPv6: false, oneWay: true, $$"""{"match":{"op":">","left":{"meta":{"key":"length"} },"right":{{longest}} } }""", ct);

    /// <summary>A bad cable: some of the packets are dropped, each way, at random.</summary>
    /// <param name="perMille">1 to 999.</param>
    public static Task<Cut> SomeAsync(LabMesh mesh, LabNode a, LabNode b, int perMille, CancellationToken ct) => CutAsync(
        mesh, a, b, onlyIPv6: false, oneWay: false, $$"""{"match":{"op":"<","left":{"numgen":{"mode":"random","mod":1000,"offset":0} },"right":{{perMille}} } }""", ct);

    /// <summary>Nothing that the node sends arrives anywhere, the controller included, nor anything at it: like a machine that has lost its power.</summary>
    public static Task<Cut> OffAsync(LabMesh mesh, LabNode node, CancellationToken ct) =>
        ApplyAsync(mesh, $"cut-{node.Machine.Name}", cut => $"{cut.Drop([Match("iifname", node.Machine.Name)])}, {cut.Drop([Match("oifname", node.Machine.Name)])}", ct);

    private static Task<Cut> CutAsync(LabMesh mesh, LabNode a, LabNode b, bool onlyIPv6, bool oneWay, string also, CancellationToken ct)
    {
        string[] more = [.. onlyIPv6 ? [Match("protocol", "ip6")] : (string[])[], .. also.Length > 0 ? [also] : (string[])[]];
        return ApplyAsync(mesh, $"cut-{a.Machine.Name}-{b.Machine.Name}", cut =>
            cut.Drop([.. Way(a, b), .. more]) + (oneWay ? "" : ", " + cut.Drop([.. Way(b, a), .. more])), ct);
    }

    /// <param name="rules">What is dropped, as the commands of nft that add it to the chain.</param>
    private static async Task<Cut> ApplyAsync(LabMesh mesh, string table, Func<Cut, string> rules, CancellationToken ct)
    {
        var nft = new Nft(mesh.Machines[UnderlayPlanner.Middle].NetworkPath);
        // The middle is a bridge or a router; in both its ports have the names of the machines.
        var cut = new Cut(nft, mesh.Options.Underlay == UnderlayKind.Routed ? "inet" : "bridge", table);
        await nft.ApplyAsync(cut.Chain(rules(cut)), $"make {table}", ct);
        return cut;
    }

    public async ValueTask DisposeAsync() => await _nft.DeleteTableAsync(_family, _table, CancellationToken.None);

    private string Chain(string rules) => $$"""
        {"nftables":[
          {"add":{"table":{"family":"{{_family}}","name":"{{_table}}"} } },
          {"add":{"chain":{"family":"{{_family}}","table":"{{_table}}","name":"drop","type":"filter","hook":"forward","prio":0,"policy":"accept"} } },
          {{rules}}
        ]}
        """;

    private string Drop(IEnumerable<string> matches) => $$"""
        {"add":{"rule":{"family":"{{_family}}","table":"{{_table}}","chain":"drop","expr":[{{string.Join(", ", matches)}}, {"drop":null}]} } }
        """;

    private static string[] Way(LabNode from, LabNode to) => [Match("iifname", from.Machine.Name), Match("oifname", to.Machine.Name)];

    private static string Match(string key, string value) => $$"""{"match":{"op":"==","left":{"meta":{"key":"{{key}}"} },"right":"{{value}}"} }""";
}
