using System.Text.Json;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>Nodes change their WireGuard keys while their workloads talk, and nobody notices. One mesh: each test leaves it whole.</summary>
public sealed class KeyRotationTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task RotateKey_OfOneNodeThenOfAllAtOnce_LosesNoPacket()
    {
        await _mesh.SettledAsync(_ct);
        using var server = TransferServer.Open(_mesh.Node(2).Workload);
        var before = await Task.WhenAll(_mesh.Nodes.Select(KeyAsync));
        var transfers = new List<string?>();
        var reports = await PingWindow.DuringAsync(_mesh, Window, async () =>
        {
            using var enough = new CancellationTokenSource();
            var transferring = TransferAsync(transfers, enough.Token);
            await RotatedAsync(_mesh.Node(1));
            await Task.WhenAll(_mesh.Nodes.Select(RotatedAsync));
            await enough.CancelAsync();
            await transferring;
        }, _ct);

        PingWindow.AssertLostAtMost(0, Window, reports);
        Assert.NotEmpty(transfers);
        Assert.All(transfers, Assert.Null);
        Assert.Empty(before.Intersect(await Task.WhenAll(_mesh.Nodes.Select(KeyAsync))));
    }

    [Fact]
    public async Task RotateKey_TheAgentIsKilledInTheMiddle_GoesOnAndLosesNoPacket()
    {
        await _mesh.SettledAsync(_ct);
        var node = _mesh.Node(1);
        var reports = await PingWindow.DuringAsync(_mesh, Window, async () =>
        {
            var rotation = RotatedAsync(node);
            await Until.NothingIsMissingAsync("the change has begun", Patience, () => Task.FromResult(HasChangeOnDisk(node) ? null : "nothing on the disk"), _ct);
            node.Kill("agent");
            await rotation;
        }, _ct);

        PingWindow.AssertLostAtMost(0, Window, reports);
    }

    [Fact]
    public async Task RotateKey_APeersAgentIsDeadMeanwhile_WaitsForItAndLosesNoPacket()
    {
        await _mesh.SettledAsync(_ct);
        var reports = await PingWindow.DuringAsync(_mesh, PingWindow.Length, async () =>
        {
            using var back = new CancellationTokenSource();
            var dead = _mesh.Node(3).KeepDeadAsync("agent", back.Token);
            var waited = await _mesh.Node(1).MeshoverAsync(["rotate-key", "--timeout", "8"], _ct);
            Assert.NotEqual(0, waited.ExitCode);
            Assert.Contains("waiting for n3", waited.Error, StringComparison.Ordinal);
            await back.CancelAsync();
            await dead;
            Assert.True((await RotatedAsync(_mesh.Node(1))).GetProperty("joined").GetBoolean());
        }, _ct);

        PingWindow.AssertLostAtMost(0, PingWindow.Length, reports);
    }

    [Fact]
    public async Task RotateKey_WithoutAController_IsRefusedWithTheReason()
    {
        await _mesh.SettledAsync(_ct);
        _mesh.Controller.Kill();
        try
        {
            await Until.NothingIsMissingAsync("n1 has no controller", Patience, async () =>
                (await _mesh.Node(1).StatusAsync(_ct)).Controller.State is var state && state == "unreachable" ? null : state, _ct);

            var refused = await _mesh.Node(1).MeshoverAsync(["rotate-key"], _ct);

            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("No controller answers", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            _mesh.Controller.Serve();
            await _mesh.Controller.WaitAsync(_ct);
        }
    }

    // An agent that was killed takes a while to have its controller again, and hears of the map only then.
    private async Task<JsonElement> RotatedAsync(LabNode node)
    {
        var output = (await node.MeshoverAsync(["rotate-key", "--json"], _ct)).Checked();
        var result = JsonDocument.Parse(output).RootElement;
        Assert.True(result.GetProperty("complete").GetBoolean(), output);
        Assert.Equal(result.GetProperty("publicKey").GetString(), await KeyAsync(node));
        return result;
    }

    private async Task<string?> KeyAsync(LabNode node) =>
        JsonDocument.Parse((await node.MeshoverAsync(["status", "--json"], _ct)).Output).RootElement.GetProperty("node").GetProperty("publicKey").GetString();

    private async Task TransferAsync(List<string?> outcomes, CancellationToken until)
    {
        while (!until.IsCancellationRequested)
            outcomes.Add(await TransferServer.TransferAsync(_mesh.Node(1).Workload, AddressPlan.Workload6(2), Patience, _ct));
    }

    private static bool HasChangeOnDisk(LabNode node) =>
        File.ReadAllText(node.Machine.Disk("/var/lib/meshover/identity.json")).Contains("\"keyChange\"", StringComparison.Ordinal);
}
