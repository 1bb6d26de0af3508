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

    /// <summary>Both releases add to MED by the same rules, so the way back is the way there.</summary>
    [Fact]
    public async Task LinkCost_BetweenReleases_MovesTheWayThereAndBack()
    {
        var mesh = fixture.Mesh;
        await mesh.SettledAsync(_ct);
        using var next = await NextNodes.OfAsync(mesh, _ct);
        try
        {
            (await mesh.Node(2).UpAsync(input: null, ["--no-wait", "--link-cost", "n1=2000"], _ct)).Checked();
            await GoesByAsync(next, "n3", "n3");
        }
        finally
        {
            (await mesh.Node(2).UpAsync(input: null, ["--no-wait", "--link-cost", ""], CancellationToken.None)).Checked();
        }
        await GoesByAsync(next, "n2", "n1");
    }

    private Task<TimeSpan> GoesByAsync(NextNodes next, string there, string back) =>
        Until.NothingIsMissingAsync($"n1 goes to n2 by {there}, and n2 to n1 by {back}", TimeSpan.FromSeconds(60), () => Task.FromResult((next.Of(1, 2), next.Of(2, 1)) == (there, back) ? null : $"{next}"), _ct);
}
