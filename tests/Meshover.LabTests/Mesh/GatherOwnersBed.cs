using System.Net;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>Five nodes; three gather ranges of workloads behind the other two, and give what leaves by them an address of their own. A stream of each range, over each family that it has.</summary>
internal sealed class GatherOwnersBed : IAsyncDisposable
{
    /// <summary>Beside the workload's own address behind n2, so that two owners have a range there.</summary>
    private const string Further = "10.64.2.130";
    private static readonly Dictionary<string, (int Ingress, string[] Ranges, IPAddress[] Sources)> Parts = new()
    {
        ["a"] = (1, [.. AddressPlan.Announced(1)], [AddressPlan.Workload4(1), AddressPlan.Workload6(1)]),
        ["b"] = (2, ["10.64.2.0/25", AddressPlan.Announced(2)[1]], [AddressPlan.Workload4(2), AddressPlan.Workload6(2)]),
        ["c"] = (2, ["10.64.2.128/25"], [IPAddress.Parse(Further)]),
    };

    private readonly Dictionary<string, List<OutsideStream>> _streams = Parts.Keys.ToDictionary(part => part, _ => new List<OutsideStream>());
    private readonly OutsideWorld _world;
    private readonly OutsideServer _server;
    private readonly CancellationToken _ct;

    private GatherOwnersBed(LabMesh mesh, CancellationToken ct)
    {
        (Mesh, _ct) = (mesh, ct);
        _world = OutsideWorld.Build(mesh);
        _server = new OutsideServer(mesh.Controller.Machine);
        using var netlink = RouteNetlink.OpenIn(mesh.Node(2).Workload.NetworkPath);
        netlink.ReplaceAddress(UnderlayPlanner.Uplink, IPAddress.Parse(Further), 24);
    }

    public LabMesh Mesh { get; }

    public static async Task<GatherOwnersBed> StartAsync(CancellationToken ct)
    {
        var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 5 }, TimeProvider.System, new TestProgress(), ct);
        try
        {
            await mesh.SettledAsync(ct);
            var bed = new GatherOwnersBed(mesh, ct);
            await bed.GatherAsync(3, "a", priority: 200);
            await bed.GatherAsync(4, "b", priority: 200);
            await bed.GatherAsync(5, "abc", priority: 100);
            return bed;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    /// <summary>The node behind which a range's workload is.</summary>
    public int Ingress(string part) => Parts[part].Ingress;

    /// <summary>The node gathers these ranges and hides them.</summary>
    public async Task GatherAsync(int node, string parts, int priority)
    {
        string[] ranges = [.. parts.SelectMany(part => Parts[$"{part}"].Ranges)];
        foreach (var range in ranges) await Mesh.Controller.GrantAsync(node, range, ["--gather"], _ct);
        var all = string.Join(',', ranges);
        (await Mesh.Node(node).UpAsync(input: null, ["--gather", all, "--masquerade", all, "--gather-priority", $"{priority}"], _ct)).Checked();
    }

    /// <summary>Waits until what the range's workload sends outside goes to that owner; null: leaves by its own node, as nobody gathers it.</summary>
    public async Task<TimeSpan> LeadsAsync(string part, int? owner, TimeSpan patience)
    {
        var longest = TimeSpan.Zero;
        foreach (var source in Parts[part].Sources)
        {
            var took = await Until.NothingIsMissingAsync($"{part} goes to {(owner is null ? "nobody" : $"n{owner}")}", patience, async () =>
            {
                var said = (await Mesh.Node(Parts[part].Ingress).MeshoverAsync(["route", "explain", "--from", $"{source}", $"{Outside(source)}"], _ct)).Output;
                var isSo = owner is null ? said.Contains("out      eth0", StringComparison.Ordinal) && !said.Contains("table 74", StringComparison.Ordinal) : said.Contains($"(n{owner}), table", StringComparison.Ordinal);
                return isSo ? null : said;
            }, _ct);
            longest = took > longest ? took : longest;
        }
        return longest;
    }

    /// <summary>New streams of the range's instead of those that it had; the server sees that owner.</summary>
    public async Task OpenAsync(string part, int owner, TimeSpan patience)
    {
        _streams[part].ForEach(stream => stream.Dispose());
        _streams[part].Clear();
        await LeadsAsync(part, owner, patience);
        foreach (var source in Parts[part].Sources)
        {
            var stream = await OutsideServer.OpenAsync(Mesh.Node(Parts[part].Ingress).Workload, source, Outside(source), patience, _ct);
            _streams[part].Add(stream);
            Assert.Equal(IPAddress.Parse(source.GetAddressBytes().Length == 4 ? $"192.0.2.{owner}" : $"2001:db8::{owner}"), stream.Seen);
        }
    }

    /// <summary>The streams of these ranges live.</summary>
    public async Task AnsweredAsync(string what, IEnumerable<string> parts)
    {
        foreach (var part in parts)
        {
            foreach (var stream in _streams[part]) await stream.AnsweredAsync($"{what}: {part}", _ct);
        }
    }

    /// <summary>The node is no member any more.</summary>
    public async Task RemoveAsync(int node) =>
        (await Mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["node", "remove", AddressPlan.NodeName(node)], _ct)).Checked();

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.Values.SelectMany(streams => streams)) stream.Dispose();
        _server.Dispose();
        _world.Dispose();
        await Mesh.DisposeAsync();
    }

    private static IPAddress Outside(IPAddress source) => source.GetAddressBytes().Length == 4 ? OutsideWorld.Outside4 : OutsideWorld.Outside6;
}
