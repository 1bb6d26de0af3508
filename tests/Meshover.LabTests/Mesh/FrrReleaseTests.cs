using Meshover.Lab.Faults;

namespace Meshover.LabTests.Mesh;

/// <summary>A whole mesh whose nodes have the FRR of different Debians.</summary>
public sealed class FrrReleaseTests(FrrReleaseMesh fixture) : IClassFixture<FrrReleaseMesh>
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
}
