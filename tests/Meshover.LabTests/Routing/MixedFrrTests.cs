using Meshover.Linux.Processes;
using Meshover.Routing.Supervision;

namespace Meshover.LabTests.Routing;

/// <summary>Nodes with FRR 8.4 and with 10.3 in one mesh.</summary>
public sealed class MixedFrrTests(MixedFrrMesh mesh) : IClassFixture<MixedFrrMesh>
{
    [Fact]
    public async Task Nodes_SayTheirRelease_AndRunItsDaemons()
    {
        var (older, newer) = (await mesh.Node(3).Client.GetStatusAsync(), await mesh.Node(4).Client.GetStatusAsync());
        Assert.StartsWith("8.4", older.FrrVersion, StringComparison.Ordinal);
        Assert.Equal(["zebra", "bfdd", "bgpd"], older.Daemons.Select(d => d.Name));
        Assert.Equal("10.3", newer.FrrVersion);
        Assert.Equal(["mgmtd", "zebra", "bfdd", "bgpd"], newer.Daemons.Select(d => d.Name));
        Assert.DoesNotContain(newer.Errors, error => !error.StartsWith("FRR has ended again and again", StringComparison.Ordinal)); // the tests beside this one end it
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(4, 3)]
    public async Task Frr_OfOneNodeKilled_NeighboursOfTheOtherReleaseLoseNothingAndComeBack(int killed, int watching)
    {
        var (node, peer) = (mesh.Node(killed), mesh.Node(watching));
        var names = (await node.Client.GetStatusAsync()).Daemons.Select(d => d.Name);
        var victims = await Task.WhenAll(names.Select(node.DaemonAsync));
        var lost = await FrrMesh.LostAsync(peer, node, 8, () => Task.FromResult(victims.All(v => v.Kill())));
        Assert.InRange(lost, 0, 1);
        await mesh.WholeAsync();
        Assert.All(victims, victim => Assert.False(victim.IsAlive));
    }
}
