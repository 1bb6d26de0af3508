using System.Globalization;
using System.Net;
using Meshover.Agent.Trust;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.Bench.Kernel;

/// <summary>
/// How long it takes until the kernel has all peers with their links: the agent's pass beside `ip -batch`, `wg syncconf` and `sysctl -p`,
/// from nothing, each time in a new namespace. Then the agent's pass with nothing to do, and with one peer that has another key.
/// </summary>
internal sealed class ProgrammingBench(string directory, int peers, TextWriter progress)
{
    private const string Agent = "meshover";
    private const string ByHand = "ip, wg, sysctl";

    private readonly NodeIdentity _identity = IdentityFactory.Create("n1", TimeProvider.System);
    private readonly List<Measurement> _results = [];

    public async Task<IReadOnlyList<Measurement>> RunAsync(int rounds, CancellationToken ct)
    {
        var nodes = Nodes();
        var plan = SampleMesh.PlanOfFirst(nodes, firewall: false);
        var last = nodes[^1];
        var changed = SampleMesh.PlanOfFirst([.. nodes.SkipLast(1), last with { WireGuardKeys = [SampleMesh.AnyKey()] }], firewall: false);
        for (var round = 1; round <= rounds; round++)
        {
            ct.ThrowIfCancellationRequested();
            await MeasureAgentAsync(plan, changed);
            await MeasureByHandAsync(plan);
            await progress.WriteLineAsync($"programming {peers} peers, round {round} of {rounds}: {Told()}");
        }
        return _results;
    }

    private List<MeshNode> Nodes() =>
    [
        SampleMesh.Node(1, _identity.WireGuardPublicKey),
        .. Enumerable.Range(2, peers).Select(number => SampleMesh.Node((uint)number, SampleMesh.AnyKey())),
    ];

    private async Task MeasureAgentAsync(NodePlan plan, NodePlan changed)
    {
        await using var place = await EmptyPlace.MakeAsync("agent");
        using var agent = new AgentEnd(place.Name, directory, _identity, firewall: false);
        AddAll(Agent, await agent.PassAsync(plan));
        // The second pass sees what the kernel made of the first.
        await agent.PassAsync(plan);
        var again = await agent.PassAsync(plan);
        if (again.Changes != 0)
            throw new InvalidOperationException("a pass with nothing to do changed something");
        Add(Agent, "nothing to do", again.Devices + again.Addresses);
        var one = await agent.PassAsync(changed);
        Add(Agent, "one peer changed", one.Devices + one.Addresses);
    }

    private async Task MeasureByHandAsync(NodePlan plan)
    {
        await using var place = await EmptyPlace.MakeAsync("hand");
        var hand = new HandMade(place.Name, directory);
        var devices = await hand.MakeDevicesAsync(plan, _identity.WireGuardPrivateKey);
        AddAll(ByHand, new PassTimes(devices, await hand.AddAddressesAsync(plan) + await hand.SetSysctlsAsync(plan), 0));
    }

    private void AddAll(string subject, PassTimes times)
    {
        Add(subject, "peers and links", times.Devices);
        Add(subject, "up, addresses, sysctls", times.Addresses);
        Add(subject, "both", times.Devices + times.Addresses);
    }

    private void Add(string subject, string name, TimeSpan time) => _results.Add(new Measurement(subject, name, "ms", time.TotalMilliseconds));

    // The figures of this round.
    private string Told() => string.Join(", ", _results.GroupBy(one => (one.Subject, one.Case)).Select(group =>
        string.Create(CultureInfo.InvariantCulture, $"{group.Key.Subject}, {group.Key.Case}: {group.Last().Value:0}")));
}
