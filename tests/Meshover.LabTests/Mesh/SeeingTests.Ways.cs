using System.Net;
using System.Security.Cryptography;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>What is said of ways, against what others see of them.</summary>
public sealed partial class SeeingTests
{
    [Fact]
    public async Task Ways_OfEachPairOfAMeshWithACut_AgreeWithTracerouteAndACapture()
    {
        await _mesh.SettledAsync(_ct);
        await using (await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: false, _ct))
        {
            await Until.NothingIsMissingAsync("both go round", Patience, async () => (await PathAsync(1, "n2"), await PathAsync(2, "n1")) is ("transit", "transit") ? null : "not yet", _ct);
            using var ways = await WayComparison.OfAsync(_mesh, _ct);
            Assert.Empty(await DifferencesAsync(ways, from one in _mesh.Nodes from other in _mesh.Nodes where one != other select (one, other)));
        }
        await _mesh.SettledAsync(_ct);
    }

    /// <summary>One end is told: both go the other way, and say why.</summary>
    [Fact]
    public async Task LinkCost_SetByTheOperator_MovesTheWayThereAndBack()
    {
        await _mesh.SettledAsync(_ct);
        using var next = await NextNodes.OfAsync(_mesh, _ct);
        await GoesByAsync(next, "n2", "n1");
        try
        {
            (await _mesh.Node(1).UpAsync(input: null, ["--no-wait", "--link-cost", "n2=2000"], _ct)).Checked();
            await GoesByAsync(next, "n3", "n3");
            using var route = await JsonAsync(_mesh.Node(2), 0, "route", "explain", "--json", "10.64.1.0/24");
            var ways = route.RootElement.GetProperty("announcements")[0].GetProperty("ways").EnumerateArray().ToList();
            Assert.Equal(["n3 True", "n1 False"], ways.Select(way => $"{Text(way, "by")} {way.GetProperty("used").GetBoolean()}"));
            Assert.Contains(" more", Text(ways[1], "reason"), StringComparison.Ordinal);
            Assert.All(ways, way => Assert.Equal(0u, way.GetProperty("set").GetUInt32()));
            Assert.Equal(ways[1].GetProperty("cost").GetUInt32(), ways[1].GetProperty("link").GetUInt32());
            Assert.InRange(ways[1].GetProperty("cost").GetUInt32(), 2_080u, 2_400u);
        }
        finally
        {
            (await _mesh.Node(1).UpAsync(input: null, ["--no-wait", "--link-cost", ""], CancellationToken.None)).Checked();
        }
        await GoesByAsync(next, "n2", "n1");
        await _mesh.SettledAsync(_ct);
    }

    private Task<TimeSpan> GoesByAsync(NextNodes next, string there, string back) =>
        Until.NothingIsMissingAsync($"n1 goes to n2 by {there}, and n2 to n1 by {back}", Patience, () => Task.FromResult((next.Of(1, 2), next.Of(2, 1)) == (there, back) ? null : $"{next}"), _ct);

    /// <summary>Ten nodes, three cuts, one node whose data plane is dead, a thousand pairs of them at random: some minutes, so only by name.</summary>
    [Fact(Explicit = true)]
    public async Task Ways_OfAThousandRandomPairs_AgreeWithTracerouteAndACapture()
    {
        await using var mesh = await LabMesh.StartAsync(new Meshover.Lab.LabOptions { Prefix = LabPrefix.Next(), Nodes = 10 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var dead = mesh.Node(10).KeepDeadAsync("dataplane", over.Token);
        await using var first = await Cut.BetweenAsync(mesh, mesh.Node(1), mesh.Node(2), onlyIPv6: false, _ct);
        await using var second = await Cut.BetweenAsync(mesh, mesh.Node(3), mesh.Node(4), onlyIPv6: false, _ct);
        await using var third = await Cut.OneWayAsync(mesh, mesh.Node(5), mesh.Node(6), _ct);
        await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System, _ct);
        using var ways = await WayComparison.OfAsync(mesh, _ct);
        var pairs = Enumerable.Range(0, 1_000).Select(_ => RandomNumberGenerator.GetInt32(1, 11)).Select(to => (mesh.Node(to <= 9 ? 1 + ((to - 1 + RandomNumberGenerator.GetInt32(1, 9)) % 9) : RandomNumberGenerator.GetInt32(1, 10)), mesh.Node(to))).ToList();
        var differences = await DifferencesAsync(ways, pairs);
        TestContext.Current.TestOutputHelper?.WriteLine($"{pairs.Count} ways, {differences.Count} differ\n{string.Join('\n', differences)}");
        await over.CancelAsync();
        await dead;
        Assert.Empty(differences);
    }

    /// <summary>Each node's ways one after the other, those of several side by side: a way that ends nowhere takes its seconds.</summary>
    private static async Task<List<string>> DifferencesAsync(WayComparison ways, IEnumerable<(LabNode From, LabNode To)> pairs)
    {
        var found = await Task.WhenAll(pairs.GroupBy(pair => pair.From).Select(async from =>
        {
            var differences = new List<string>();
            // By turns the node itself by IPv6 and a workload behind it by IPv4.
            foreach (var (turn, (_, to)) in from.Index())
            {
                if (await ways.CompareAsync(from.Key, (from.Key.Number + turn) % 2 == 0 ? ways.AddressOf(to) : AddressPlan.Workload4(to.Number)) is { } difference)
                    differences.Add(difference);
            }
            return differences;
        }));
        return [.. found.SelectMany(one => one)];
    }

    private async Task<string?> PathAsync(int node, string peer) => (await _mesh.Node(node).StatusAsync(_ct)).Peers.Single(one => one.Hostname == peer).Path;
}
