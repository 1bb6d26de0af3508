using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>Further addresses of a node, as an administrator gives and takes them while the mesh runs.</summary>
public sealed class NodeAddressTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private const string Loopback = "meshover-lo";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Addresses_AreReachedFromNodesAndWorkloads_KeptOverRestarts_AndGoneEverywhereWhenTheyAreTaken()
    {
        await _mesh.SettledAsync(_ct);
        var v4 = IPAddress.Parse((await AdminAsync("node", "address", "add", "n2", "--note", "mail relay")).Trim());
        var v6 = IPAddress.Parse((await AdminAsync("node", "address", "add", "n2", "--family", "6")).Trim());
        Assert.Equal((AddressFamily.InterNetwork, AddressFamily.InterNetworkV6), (v4.AddressFamily, v6.AddressFamily));
        foreach (var address in (IPAddress[])[v4, v6])
            await ReachedAsync(address);
        Assert.Equal([v4, v6], Held(_mesh.Node(2), v4, v6));
        await AssertKnownAsync(v4);
        await AssertNoteIsKeptAsync(v4);

        await RestartAgentAsync(_mesh.Node(2));
        await RestartControllerAsync();
        await _mesh.SettledAsync(_ct);
        Assert.Equal([v4, v6], Held(_mesh.Node(2), v4, v6));
        Assert.Equal([$"{v4} web", $"{v6} "], (await ListAsync()).Select(one => $"{one.Address} {one.Note}"));
        foreach (var address in (IPAddress[])[v4, v6])
            await ReachedAsync(address);

        foreach (var address in (IPAddress[])[v4, v6])
            await AdminAsync("node", "address", "remove", "n2", $"{address}", "--reason", "moved");
        foreach (var address in (IPAddress[])[v4, v6])
            await GoneAsync(address);
        await Until.NothingIsMissingAsync("n2 has them no more", Patience, () => Task.FromResult(Held(_mesh.Node(2), v4, v6) is { Length: > 0 } held ? string.Join(' ', held.Select(one => $"{one}")) : null), _ct);
        Assert.All(await ListAsync(), one => Assert.NotNull(one.RestsUntil));
        var another = await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["node", "address", "add", "n3", "--address", $"{v4}"], _ct);
        Assert.Equal(1, another.ExitCode);
        Assert.Contains("rests", another.Error, StringComparison.Ordinal);
    }

    /// <summary>All three are transit nodes: what one says passes by the others, whose lists have the whole pool.</summary>
    [Fact]
    public async Task AddressTaken_WhileItsNodesAgentIsDead_IsRefusedByAllOthers_AlthoughItIsStillAnnounced()
    {
        await _mesh.SettledAsync(_ct);
        var address = IPAddress.Parse((await AdminAsync("node", "address", "add", "n3")).Trim());
        await ReachedAsync(address);
        var name = $"{address}/32";

        using var agentLives = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var dead = _mesh.Node(3).KeepDeadAsync("agent", agentLives.Token);
        try
        {
            await AdminAsync("node", "address", "remove", "n3", $"{address}");
            await GoneAsync(address);
            Assert.Equal([address], Held(_mesh.Node(3), address));
            await Until.NothingIsMissingAsync("n1 says why", Patience, async () =>
                (await _mesh.Node(1).MeshoverAsync(["route", "explain", "--json", name], _ct)).Output is var told && told.Contains("was taken from it", StringComparison.Ordinal) ? null : told, _ct);
        }
        finally
        {
            await agentLives.CancelAsync();
            await dead;
        }
        await Until.NothingIsMissingAsync("n3 has heard of it", Patience, () => Task.FromResult(Held(_mesh.Node(3), address) is { Length: > 0 } ? "it has it" : null), _ct);
        await _mesh.SettledAsync(_ct);

        await AdminAsync("node", "address", "add", "n3", "--address", $"{address}");
        await ReachedAsync(address);
        await AdminAsync("node", "address", "remove", "n3", $"{address}");
    }

    /// <summary>From n1, and from the workload behind it.</summary>
    private async Task ReachedAsync(IPAddress address)
    {
        foreach (var machine in (Machine[])[_mesh.Node(1).Machine, _mesh.Node(1).Workload])
        {
            using var echo = EchoSocket.Open(machine, address.AddressFamily, TimeProvider.System);
            await Until.NothingIsMissingAsync($"{machine.Name} reaches {address}", Patience, async () => await echo.EchoAsync(address, TimeSpan.FromSeconds(1), _ct) is null ? "no answer" : null, _ct);
        }
    }

    private async Task GoneAsync(IPAddress address)
    {
        foreach (var node in _mesh.Nodes.Where(node => Held(node, address).Length == 0))
        {
            using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
            await Until.NothingIsMissingAsync($"{address} leads nowhere on {node.Machine.Name}", Patience, () =>
                Task.FromResult(netlink.FindRoute(new RouteQuery(address)) is { Kind: RouteKind.Unicast } route ? $"{route}" : null), _ct);
        }
        using var echo = EchoSocket.Open(_mesh.Node(1).Workload, address.AddressFamily, TimeProvider.System);
        Assert.Null(await echo.EchoAsync(address, TimeSpan.FromSeconds(1), _ct));
    }

    private static IPAddress[] Held(LabNode node, params IPAddress[] wanted)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        var link = netlink.GetLink(Loopback).Index;
        var held = netlink.GetAddresses().Where(address => address.LinkIndex == link).Select(address => address.Address).ToHashSet();
        return [.. wanted.Where(held.Contains)];
    }

    /// <summary>The node's status, and who asks another node.</summary>
    private async Task AssertKnownAsync(IPAddress address)
    {
        using var status = JsonDocument.Parse((await _mesh.Node(2).MeshoverAsync(["status", "--json"], _ct)).Output);
        var first = status.RootElement.GetProperty("node").GetProperty("furtherAddresses")[0];
        Assert.Equal(($"{address}", "mail relay"), (first.GetProperty("address").GetString(), first.GetProperty("note").GetString()));
        Assert.Contains("n2", (await _mesh.Node(1).MeshoverAsync(["ping", $"{address}", "-c", "1"], _ct)).Checked(), StringComparison.Ordinal);
        Assert.Contains("n2", (await _mesh.Node(1).MeshoverAsync(["route", "explain", $"{address}"], _ct)).Checked(), StringComparison.Ordinal);
        Assert.Contains("mail relay", (await _mesh.Node(1).MeshoverAsync(["status", "--peer", $"{address}"], _ct)).Checked(), StringComparison.Ordinal);
        Assert.Contains($"{address}", await AdminAsync("node", "show", "n2"), StringComparison.Ordinal);
    }

    private async Task AssertNoteIsKeptAsync(IPAddress address)
    {
        var again = await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["node", "address", "add", "n2", "--address", $"{address}"], _ct);
        Assert.Contains("already, with the note \"mail relay\": nothing was changed", again.Error, StringComparison.Ordinal);
        var noted = await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["node", "address", "add", "n2", "--address", $"{address}", "--note", "web"], _ct);
        Assert.Contains("was \"mail relay\"", noted.Error, StringComparison.Ordinal);
    }

    private async Task RestartAgentAsync(LabNode node)
    {
        var former = node.Kill("agent");
        await Until.NothingIsMissingAsync("another agent runs", Patience, () => Task.FromResult(node.Find("agent") is { } now && now != former ? null : "it does not"), _ct);
    }

    private async Task RestartControllerAsync()
    {
        _mesh.Controller.Kill();
        _mesh.Controller.Serve();
        await _mesh.Controller.WaitAsync(_ct);
    }

    private async Task<AddressEntry[]> ListAsync() =>
        JsonSerializer.Deserialize<AddressEntry[]>(await AdminAsync("node", "address", "list", "n2", "--json"), JsonSerializerOptions.Web)!;

    private async Task<string> AdminAsync(params string[] arguments) => (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, arguments, _ct)).Checked();

    private sealed record AddressEntry(string Hostname, string Address, string? Note, DateTimeOffset? RestsUntil);
}
