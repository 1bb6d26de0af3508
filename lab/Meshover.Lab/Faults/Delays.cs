using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Nftables;

namespace Meshover.Lab.Faults;

/// <summary>
/// Long cables: what lies between the machines holds the packets between two of them back (tc-netem(8)). Each port has a band (tc-prio(8)) for
/// each node that sends to it, and nft puts packets there by the two ports that they pass. The bands are there from the start, empty: a
/// port whose root is exchanged drops what comes meanwhile, and one whose band is changed drops nothing. Disposing it takes them away, with what
/// they still hold. One at a time, and not on an underlay with NAT; the kernel needs sch_prio and sch_netem.
/// </summary>
public sealed class Delays : IAsyncDisposable
{
    private const string Table = "delays";

    // Those of all other packets, as prio sorts them by itself; and how many it can have.
    private const int OtherBands = 3, MostBands = 16;

    // Packets in a band: netem's own 1000 are 80 Mbit/s for 150 ms, and more would be lost.
    private const int MostHeld = 10_000;
    private readonly Machine _middle;
    private readonly IReadOnlyList<LabNode> _nodes;
    private readonly Nft _nft;
    private readonly string _family;

    private Delays(LabMesh mesh)
    {
        (_middle, _nodes) = (mesh.Machines[UnderlayPlanner.Middle], mesh.Nodes);
        _nft = new Nft(_middle.NetworkPath);
        // The middle is a bridge or a router; in both its ports have the names of the machines.
        _family = mesh.Options.Underlay == UnderlayKind.Routed ? "inet" : "bridge";
    }

    /// <summary>Makes the bands; no packet is delayed yet.</summary>
    /// <exception cref="LabException">There are too many nodes, or the kernel cannot do it.</exception>
    public static async Task<Delays> PrepareAsync(LabMesh mesh, CancellationToken ct)
    {
        if (OtherBands + mesh.Nodes.Count > MostBands) throw new LabException($"cables of a mesh of {mesh.Nodes.Count} nodes cannot be long: a port has bands for {MostBands - OtherBands}");
        var delays = new Delays(mesh);
        await delays.ChangeAsync([.. mesh.Nodes.Select(delays.Root), .. delays.Pairs().Select(pair => Band(pair.From, pair.To, Delay.None))], ct);
        await delays._nft.ApplyAsync(delays.Sorting(), "sort packets by the ports that they pass", ct);
        return delays;
    }

    /// <summary>Packets between the two take that long from now on. Those that are held already stay for as long as they were to.</summary>
    public Task SetAsync(LabNode a, LabNode b, Delay delay, CancellationToken ct) => ChangeAsync([Band(a, b, delay), Band(b, a, delay)], ct);

    public async ValueTask DisposeAsync()
    {
        await _nft.DeleteTableAsync(_family, Table, CancellationToken.None);
        await ChangeAsync(_nodes.Select(node => $"qdisc delete dev {node.Machine.Name} root"), CancellationToken.None);
    }

    private async Task ChangeAsync(IEnumerable<string> commands, CancellationToken ct) =>
        (await _middle.RunAsync("tc", ["-batch", "-"], string.Join('\n', commands) + "\n", ct)).Checked();

    private IEnumerable<(LabNode From, LabNode To)> Pairs() => from a in _nodes from b in _nodes where a != b select (a, b);

    private string Root(LabNode to) => $"qdisc replace dev {to.Machine.Name} root handle 1: prio bands {OtherBands + _nodes.Count}";

    private static string Band(LabNode from, LabNode to, Delay delay) =>
        $"qdisc replace dev {to.Machine.Name} parent {Class(from)} netem limit {MostHeld} delay {delay.RoundTrip.TotalMicroseconds / 2:0}us {delay.Jitter.TotalMicroseconds:0}us loss {delay.LossPercent}%";

    // Of the band in the ports to all others. A packet whose priority is a class goes there (tc-prio(8)). Hexadecimal for tc and nft.
    private static string Class(LabNode from) => $"1:{OtherBands + from.Number:x}";

    private string Sorting() => $$"""
        {"nftables":[
          {"add":{"table":{"family":"{{_family}}","name":"{{Table}}"} } },
          {"add":{"chain":{"family":"{{_family}}","table":"{{Table}}","name":"sort","type":"filter","hook":"forward","prio":0,"policy":"accept"} } },
          {{string.Join(",\n", Pairs().Select(pair => Sort(pair.From, pair.To)))}}
        ]}
        """;

    private string Sort(LabNode from, LabNode to) => $$"""
        {"add":{"rule":{"family":"{{_family}}","table":"{{Table}}","chain":"sort","expr":[
          {{Match("iifname", from)}}, {{Match("oifname", to)}}, {"mangle":{"key":{"meta":{"key":"priority"} },"value":"{{Class(from)}}"} }]} } }
        """;

    private static string Match(string key, LabNode node) => $$"""{"match":{"op":"==","left":{"meta":{"key":"{{key}}"} },"right":"{{node.Machine.Name}}"} }""";
}
