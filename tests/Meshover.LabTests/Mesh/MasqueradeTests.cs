using System.Net;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// Workloads whose addresses nobody outside the mesh knows, as Coil's pods have them: the world outside (the controller's machine) has no route back to them, and so answers
/// only what came with an address of a node's.
/// </summary>
public sealed class MasqueradeTests
{
    private const string Sources = "10.64.0.0/16,fd64::/16";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ChosenSources_LeaveTheMeshWithTheNodesAddress_AndKeepTheirOwnInIt()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        using var world = OutsideWorld.Build(mesh);
        var (n1, n2, workload) = (mesh.Node(1), mesh.Node(2), mesh.Node(1).Workload);
        Assert.False(await AnsweredAsync(workload, OutsideWorld.Outside4));

        Assert.Equal(2, (await n1.UpAsync(input: null, ["--masquerade", "0.0.0.0/0"], _ct)).ExitCode);
        (await n1.UpAsync(input: null, ["--masquerade", Sources], _ct)).Checked();
        await Until.NothingIsMissingAsync("it is masqueraded", Patience, async () => await AnsweredAsync(workload, OutsideWorld.Outside4) ? null : "it is not", _ct);
        foreach (var machine in (Machine[])[mesh.Controller.Machine, n2.Workload]) await NoteSendersAsync(machine);
        await WaitAsync(workload, OutsideWorld.Outside4, OutsideWorld.Outside6);
        await SeesAsync(mesh.Controller.Machine, Outer4(1), Outer6(1));
        await WaitAsync(workload, AddressPlan.Workload4(2), AddressPlan.Workload6(2));
        await SeesAsync(n2.Workload, AddressPlan.Workload4(1), AddressPlan.Workload6(1));
        Assert.DoesNotContain("translat", (await n1.MeshoverAsync(["doctor"], _ct)).Output, StringComparison.OrdinalIgnoreCase);

        await AnOwnerOfTheRange_GivesItsOwnAsync(mesh, workload);
        (await n2.UpAsync(input: null, ["--gather", "", "--masquerade", ""], _ct)).Checked();
        (await n1.UpAsync(input: null, ["--masquerade", ""], _ct)).Checked();
        await Until.NothingIsMissingAsync("nobody answers any more", Patience, async () => await AnsweredAsync(workload, OutsideWorld.Outside4) ? "somebody does" : null, _ct);
    }

    /// <summary>As Coil's egress: the pods of all nodes leave by one, with its address; also while no agent runs.</summary>
    private async Task AnOwnerOfTheRange_GivesItsOwnAsync(LabMesh mesh, Machine workload)
    {
        var owner = mesh.Node(2);
        foreach (var range in AddressPlan.Announced(1)) await mesh.Controller.GrantAsync(owner.Number, range, ["--gather"], _ct);
        (await owner.UpAsync(input: null, ["--gather", string.Join(',', AddressPlan.Announced(1)), "--masquerade", Sources], _ct)).Checked();
        await Until.NothingIsMissingAsync("n2's address is seen outside", Patience, async () =>
        {
            await AnsweredAsync(workload, OutsideWorld.Outside4);
            await AnsweredAsync(workload, OutsideWorld.Outside6);
            return await SendersAsync(mesh.Controller.Machine) is var seen && Has(seen, Outer4(2)) && Has(seen, Outer6(2)) ? null : seen;
        }, _ct);

        using var dead = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        Task[] killing = [.. mesh.Nodes.Select(node => node.KeepDeadAsync("agent", dead.Token))];
        foreach (var target in (IPAddress[])[OutsideWorld.Outside4, OutsideWorld.Outside6, AddressPlan.Workload4(3)])
            Assert.True(await AnsweredAsync(workload, target), $"{target} does not answer without agents");
        await dead.CancelAsync();
        await Task.WhenAll(killing);
    }

    private static IPAddress Outer4(int node) => IPAddress.Parse($"192.0.2.{node}");

    private static IPAddress Outer6(int node) => IPAddress.Parse($"2001:db8::{node}");

    private Task<TimeSpan> WaitAsync(Machine workload, params IPAddress[] targets) => Until.NothingIsMissingAsync($"{string.Join<IPAddress>(", ", targets)} answer", Patience, async () =>
    {
        foreach (var target in targets)
            if (!await AnsweredAsync(workload, target)) return $"{target}";
        return null;
    }, _ct);

    private async Task<bool> AnsweredAsync(Machine workload, IPAddress target) =>
        (await workload.RunAsync("ping", ["-c", "1", "-W", "1", "-I", $"{(target.GetAddressBytes().Length == 4 ? AddressPlan.Workload4(1) : AddressPlan.Workload6(1))}", $"{target}"], _ct)).ExitCode == 0;

    private async Task NoteSendersAsync(Machine machine)
    {
        const string rules = """
            table inet seen {
              set four { type ipv4_addr; flags dynamic; size 64; }
              set six { type ipv6_addr; flags dynamic; size 64; }
              chain in {
                type filter hook input priority 0;
                icmp type echo-request add @four { ip saddr }
                icmpv6 type echo-request add @six { ip6 saddr }
              }
            }

            """;
        (await machine.RunAsync("nft", ["-f", "-"], rules, _ct)).Checked();
    }

    private async Task SeesAsync(Machine machine, params IPAddress[] senders)
    {
        var seen = await SendersAsync(machine);
        foreach (var sender in senders) Assert.True(Has(seen, sender), $"{sender} is not among those that were seen: {seen}");
        if (!senders.Contains(AddressPlan.Workload4(1))) Assert.False(Has(seen, AddressPlan.Workload4(1)), seen);
    }

    private async Task<string> SendersAsync(Machine machine) => (await machine.RunAsync("nft", ["list", "table", "inet", "seen"], _ct)).Checked();

    private static bool Has(string seen, IPAddress address) => seen.Split([' ', ',', '\n', '\t', '{', '}'], StringSplitOptions.RemoveEmptyEntries).Contains($"{address}");
}
