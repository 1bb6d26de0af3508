using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Xunit;

namespace Meshover.UnitTests.Routing;

/// <summary>What is told bgpd by its socket, and what needs FRR's shell, which is dear, as its words may be wrong.</summary>
public sealed class SmallChangeTests
{
    private static readonly RoutingModel Model = Models.Node(1, 1).With(Models.Neighbor(2), Models.Neighbor(3, cost: 60));

    [Fact]
    public void Costs_AreSmall_WhereOneNeighbourHasOneAlready()
    {
        Assert.NotNull(To(Model.With(Models.Neighbor(2), Models.Neighbor(3, cost: 90))));
        Assert.NotNull(To(Model.With(Models.Neighbor(2, cost: 75), Models.Neighbor(3, cost: 60))));
        Assert.Null(ConfigApplier.SmallChange(Rendered(Model.With(Models.Neighbor(2), Models.Neighbor(3))), Rendered(Model))); // the first of its kind
        Assert.NotNull(ConfigApplier.SmallChange(Rendered(Model), Rendered(Model.With(Models.Neighbor(2), Models.Neighbor(3)))));
    }

    [Fact]
    public void AProfileOfBfd_ThatANeighbourHasElsewhere_IsSmall()
    {
        var (lan, wan) = (Models.Neighbor(2) with { BfdProfile = Meshover.Mesh.Paths.BfdProfile.Lan }, Models.Neighbor(0xe)); // whose link is mo-0000000e
        Assert.NotNull(ConfigApplier.SmallChange(Rendered(Model.With(lan, wan)), Rendered(Model.With(lan, wan with { BfdProfile = lan.BfdProfile }))));
    }

    /// <summary>Routes that are there have to be looked at anew.</summary>
    [Fact]
    public void AGrant_IsNotSmall() => Assert.Null(To(Model.With(Models.Neighbor(2) with { MayOriginate = [] }, Models.Neighbor(3, cost: 60))));

    [Fact]
    public void WordsThatFrrHasNotTaken_AreNotSmall()
    {
        Assert.Null(To(Model with { IsDraining = true }));
        var running = Rendered(Model);
        Assert.Null(ConfigApplier.SmallChange(running, running with { Bgpd = running.Bgpd + "route-map MO-OUT permit 10\n set weigth 7\nexit\n" }));
        var own = running with { Bgpd = running.Bgpd + "route-map MO-OUT permit 10\n set local-preference 200\nexit\n" };
        Assert.Null(ConfigApplier.SmallChange(own, own with { Bgpd = own.Bgpd.Replace("200", "99999999999", StringComparison.Ordinal) }));
    }

    [Fact]
    public void WhoTheNodeAndItsNeighboursAre_IsNotSmall()
    {
        Assert.Null(To(Model.With(Models.Neighbor(2), Models.Neighbor(3, cost: 60), Models.Neighbor(4))));
        Assert.Null(To(Model.With(Models.Neighbor(2))));
        var running = Rendered(Model);
        Assert.Null(ConfigApplier.SmallChange(running, running with { Bgpd = running.Bgpd.Replace("router bgp 4200000001", "router bgp 4200000009", StringComparison.Ordinal) }));
        var secret = running with { Bgpd = running.Bgpd.Replace(" neighbor MESH bfd\n", " neighbor MESH bfd\n neighbor MESH password one1\n", StringComparison.Ordinal) };
        Assert.Null(ConfigApplier.SmallChange(secret, running));
        Assert.Null(ConfigApplier.SmallChange(secret, secret with { Bgpd = secret.Bgpd.Replace("one1", "one2", StringComparison.Ordinal) }));
    }

    [Fact]
    public void AnotherDaemons_IsNotSmall() => Assert.Null(ConfigApplier.SmallChange(Rendered(Model), Rendered(Model) with { Zebra = "hostname x\n" }));

    private static ConfigDifference? To(RoutingModel wanted) => ConfigApplier.SmallChange(Rendered(Model), Rendered(wanted));

    private static FrrConfig Rendered(RoutingModel model) => FrrRenderer.Render(model, FrrTemplateSet.Embedded);
}
