using System.Net;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Map;
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
        Transit = TransitRole.Auto,
        Endpoints = [TestMesh.At("192.0.2.1:12912")],
        Announced = [IPNetwork.Parse("10.64.1.0/24")],
        LinksUp = [new(2)],
    };

    [Fact]
    public void Between_NothingSentYet_IsTheWhole()
    {
        var status = NodeReportDiff.Between(null, Report)!;
        Assert.Equal(("n1", 12912u, "tokyo"), (status.Hostname, status.ListenPort, status.Site));
        Assert.Single(status.Endpoints.Endpoints);
        Assert.Equal(["10.64.1.0/24"], status.Announced.Prefixes);
        Assert.Equal([2u], status.Links.Up);
        Assert.NotNull(status.Observed);
    }

    [Fact]
    public void Between_EqualReports_IsNothing() =>
        Assert.Null(NodeReportDiff.Between(Report, Report with { Endpoints = [.. Report.Endpoints], LinksUp = [.. Report.LinksUp] }));

    [Fact]
    public void Between_LastLinkDown_SendsAnEmptyListAndNothingElse()
    {
        var status = NodeReportDiff.Between(Report, Report with { LinksUp = [] })!;
        Assert.Empty(status.Links.Up);
        Assert.Null(status.Endpoints);
        Assert.False(status.HasHostname);
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
    public void Between_NewSummary_IsSentOnce()
    {
        var counted = Report with { Summary = new ReportSummary(2, 2, 2, 8, 100, 200) };
        Assert.Equal(8u, NodeReportDiff.Between(Report, counted)!.Summary.Prefixes);
        Assert.Null(NodeReportDiff.Between(counted, counted with { Summary = new ReportSummary(2, 2, 2, 8, 100, 200) }));
    }
}
