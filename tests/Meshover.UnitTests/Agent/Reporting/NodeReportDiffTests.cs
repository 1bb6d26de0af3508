using System.Net;
using Meshover.Agent.Reporting;
using Meshover.Contract.V1;
using Meshover.Mesh.Identity;
using Meshover.UnitTests.Mesh;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class NodeReportDiffTests
{
    private static readonly NodeReport Report = new()
    {
        HostName = "n1",
        ListenPort = 12912,
        PublicKeys = [TestMesh.Node(1).WireGuardKeys[0]],
        Site = "tokyo",
        Transit = Meshover.Mesh.Map.TransitRole.Auto,
        Endpoints = [TestMesh.At("192.0.2.1:12912")],
        Announced = [IPNetwork.Parse("10.64.1.0/24")],
        Observed = [Seen(2, "203.0.113.2:4000"), Seen(3, "203.0.113.3:4000")],
    };

    [Fact]
    public void Between_NothingSentYet_IsTheWhole()
    {
        var status = NodeReportDiff.Between(null, Report)!;
        Assert.Equal(("n1", 12912u, "tokyo"), (status.Hostname, status.ListenPort, status.Site));
        Assert.Single(status.Endpoints.Endpoints);
        Assert.Equal(["10.64.1.0/24"], status.Announced.Prefixes);
        Assert.Equal([2u, 3u], status.Observed.Peers.Select(peer => peer.NodeId));
        Assert.Null(status.ObservedChanges);
    }

    [Fact]
    public void Between_Gathers_AreToldWhereThereAreAny_AndWhenTheyChange()
    {
        var gathering = Report with { Gathers = new() { Ranges = [IPNetwork.Parse("203.0.113.0/24")], Priority = 200 } };
        Assert.Null(NodeReportDiff.Between(null, Report)!.Gathers);
        Assert.Equal(new GatherClaims { Prefixes = { "203.0.113.0/24" }, Priority = 200 }, NodeReportDiff.Between(null, gathering)!.Gathers);
        Assert.Null(NodeReportDiff.Between(gathering, gathering with { Gathers = gathering.Gathers with { Ranges = [.. gathering.Gathers.Ranges] } }));
        Assert.Equal(
            new NodeStatus { Gathers = new() { Prefixes = { "203.0.113.0/24" }, Priority = 200, Failing = true } },
            NodeReportDiff.Between(gathering, gathering with { Gathers = gathering.Gathers with { IsFailing = true } }));
    }

    private static ReportSummary Summary => new() { Peers = 2, PeersUp = 2, BgpEstablished = 2, Prefixes = 8, RxBytes = 100, TxBytes = 200 };

    [Fact]
    public void Between_EqualReports_IsNothing() =>
        Assert.Null(NodeReportDiff.Between(Report, Report with { Endpoints = [.. Report.Endpoints], Observed = [.. Report.Observed] }));

    [Fact]
    public void Between_PeersThatMoveComeAndGo_AreAllThatIsSent()
    {
        var status = NodeReportDiff.Between(Report, Report with { Observed = [Seen(2, "203.0.113.2:5000"), Seen(4, "203.0.113.4:4000")] })!;
        Assert.Equal(new NodeStatus
        {
            ObservedChanges = new ObservedChanges
            {
                Seen =
                {
                    new ObservedPeers.Types.Peer { NodeId = 2, Address = "203.0.113.2", Port = 5000 },
                    new ObservedPeers.Types.Peer { NodeId = 4, Address = "203.0.113.4", Port = 4000 },
                },
                Gone = { 3 },
            },
        }, status);
    }

    [Fact]
    public void Between_ToAControllerThatTakesNoChanges_SendsTheWholeList()
    {
        var status = NodeReportDiff.Between(Report, Report with { Observed = [Seen(2, "203.0.113.2:5000")] }, takesChanges: false)!;
        Assert.Null(status.ObservedChanges);
        Assert.Equal([5000u], status.Observed.Peers.Select(peer => peer.Port));
    }

    [Fact]
    public void Between_LastOtherAddressGone_SendsAnEmptyListAndNothingElse()
    {
        var former = Report with { OtherAddresses = [IPAddress.Parse("2001:db8::7e3f")] };
        Assert.Equal(["2001:db8::7e3f"], NodeReportDiff.Between(Report, former)!.OtherAddresses.Addresses);
        Assert.Equal(new NodeStatus { OtherAddresses = new AddressList() }, NodeReportDiff.Between(former, Report));
    }

    [Fact]
    public void Between_HostThatIsTwice_IsSent_AndThatItIsOver_AndNothingWhereThereIsNone()
    {
        var twice = Report with { Twice = [IPNetwork.Parse("10.70.0.6/32")] };
        Assert.Equal(["10.70.0.6/32"], NodeReportDiff.Between(Report, twice)!.Twice.Prefixes);
        Assert.Equal(new NodeStatus { Twice = new PrefixList() }, NodeReportDiff.Between(twice, Report));
        Assert.Null(NodeReportDiff.Between(null, Report)!.Twice);
    }

    [Fact]
    public void Between_UnderlayOfAnotherMtu_IsSentOnceItIsKnown()
    {
        Assert.Null(NodeReportDiff.Between(Report, Report with { UnderlayMtu = 0 }));
        var known = Report with { UnderlayMtu = 9000 };
        Assert.Equal(9000u, NodeReportDiff.Between(Report, known)!.UnderlayMtu);
        Assert.Null(NodeReportDiff.Between(known, known with { }));
    }

    [Fact]
    public void Between_NewSummary_IsSentOnce_AndTheNextAlsoWhereItSaysTheSame()
    {
        var counted = Report with { Summary = Summary };
        Assert.Equal(8u, NodeReportDiff.Between(Report, counted)!.Summary.Prefixes);
        Assert.Null(NodeReportDiff.Between(counted, counted with { HostName = "n1" }));
        Assert.Equal(counted.Summary, Summary);
        var figured = counted with { Summary = Summary with { Figures = [new Meshover.Agent.Reporting.LinkFigure(new NodeId(2), null, 3, 4) { Mtu = 1380, Family = 6 }] } };
        var figure = Assert.Single(NodeReportDiff.Between(Report, figured)!.Summary.Figures);
        Assert.Equal((2u, 0u, 3ul, 4ul, 1380u, 6u), (figure.NodeId, figure.RttUs, figure.RxBytes, figure.TxBytes, figure.Mtu, figure.Family));
        Assert.Equal(8u, NodeReportDiff.Between(counted, counted with { Summary = Summary })!.Summary.Prefixes);
    }

    private static ObservedPeer Seen(uint node, string place) => new(new NodeId(node), IPEndPoint.Parse(place));
}
