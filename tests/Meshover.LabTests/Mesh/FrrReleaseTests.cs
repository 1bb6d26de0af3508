using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>A whole mesh whose nodes have the FRR of different Debians.</summary>
public sealed class FrrReleaseTests(FrrReleaseTests.Fixture fixture) : IClassFixture<FrrReleaseTests.Fixture>
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "8.4")]
    [InlineData(2, "10.3")]
    public async Task Frr_OfOneNodeKilled_NoPairLosesMoreThanOnePacketOfEitherFamily(int number, string release)
    {
        await fixture.Mesh.SettledAsync(_ct);
        var node = fixture.Mesh.Node(number);
        var reports = await PingWindow.DuringAsync(fixture.Mesh, PingWindow.Length, () =>
        {
            node.KillFrr(NodeDaemons.Frr);
            return Task.CompletedTask;
        }, _ct);
        PingWindow.AssertLostAtMost(1, PingWindow.Length, reports);
        await fixture.Mesh.SettledAsync(_ct);
        var routing = (await node.StatusAsync(_ct)).Components.Single(component => component.Name == "routing");
        Assert.StartsWith($"frr {release}", routing.Kind, StringComparison.Ordinal);
        Assert.Equal("ok", routing.State);
    }

    /// <summary>n1 and n3 with FRR 8.4, n2 with 10.3.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        public LabMesh Mesh { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Mesh = await LabMesh.StartAsync(new LabOptions { Prefix = "mv", Nodes = 3, Systems = Systems() }, TimeProvider.System, new TestProgress(), TestContext.Current.CancellationToken);

        public ValueTask DisposeAsync() => Mesh.DisposeAsync();

        private static Dictionary<string, string> Systems() =>
            new[] { ("n1", "8.4"), ("n2", "10.3"), ("n3", "8.4") }
                .Select(node => (Node: node.Item1, System: OtherSystem.WithFrr(node.Item2)))
                .Where(node => node.System is not null).ToDictionary(node => node.Node, node => node.System!);
    }
}
