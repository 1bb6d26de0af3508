using System.Net;
using Meshover.Agent.LocalApi;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Routing;
using Xunit;

namespace Meshover.UnitTests.Agent.LocalApi;

public sealed class ExternalNeighborStatusesTests
{
    private static readonly ExternalNeighbor Router = new() { Address = IPAddress.Parse("203.0.113.1"), RemoteAs = new Asn(64512), Port = 1179 };
    private static readonly NeighborStatus Seen = new() { Interface = "203.0.113.1", BgpState = "Established", PrefixesReceived = 12, PrefixesSent = 3, UptimeMs = 7500, BfdUp = true };

    [Fact]
    public void Of_NeighbourWithASession_TellsItsCountsAndNoError()
    {
        var status = Of(Router with { Bfd = true }, Seen with { LastError = "of before" });
        Assert.Equal(("203.0.113.1", 64512u, "Established", 7L, 12u, 3u, "up", ""),
            (status.Name, status.RemoteAs, status.BgpState, status.SinceSeconds, status.PrefixesReceived, status.PrefixesSent, status.BfdState, status.Error));
    }

    [Fact]
    public void Of_NeighbourThatFrrDoesNotKnowYet_IsThereAllTheSame()
    {
        var status = Of(Router, null);
        Assert.Equal(("", -1L, "", ""), (status.BgpState, status.SinceSeconds, status.BfdState, status.Error));
    }

    [Theory]
    [InlineData("Idle", null, 0, "FRR says: Waiting for NHT.")]
    [InlineData("Active", null, 0, "It does not answer at port 1179: check that it speaks BGP with this node, and by no password. FRR says: Waiting for NHT.")]
    [InlineData("Connect", "secret", 0, "It does not answer at port 1179: it is not there, does not speak BGP with this node, or has another password. FRR says: Waiting for NHT.")]
    [InlineData("Active", "secret", 7, "It does not answer at port 1179: it is not there, does not speak BGP with this node, or has another password. "
        + "7 TCP segments with a wrong or missing password have come to this machine since its start. FRR says: Waiting for NHT.")]
    public void Of_NeighbourWithoutASession_SaysWhatIsKnown(string state, string? password, long signatures, string expected) =>
        Assert.Equal(expected, Of(Router with { Password = password }, Seen with { BgpState = state, LastError = "Waiting for NHT" }, signatures).Error);

    [Fact]
    public void Of_NodeWithoutRouting_HasNone() => Assert.Empty(ExternalNeighborStatuses.Of(null, null));

    private static Meshover.Contract.V1.OutsideNeighbor Of(ExternalNeighbor wanted, NeighborStatus? seen, long signatures = 0) => Assert.Single(ExternalNeighborStatuses.Of(
        Models.Node(1, 2) with { ExternalNeighbors = [wanted] },
        new RoutingStatus { State = RoutingState.Running, Neighbors = seen is null ? [] : [seen], WrongSignatures = signatures }));
}
