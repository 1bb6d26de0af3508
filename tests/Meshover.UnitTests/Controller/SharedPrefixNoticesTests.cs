using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class SharedPrefixNoticesTests
{
    private readonly TestMesh _mesh = new();
    private readonly LiveNodes _live = new(new FakeTimeProvider());
    private readonly SharedPrefixNotices _notices;

    public SharedPrefixNoticesTests() => _notices = new SharedPrefixNotices(_live);

    [Fact]
    public void Tell_PrefixThatTwoAnnounce_IsSaidToBoth_Once_AndThatItIsOver()
    {
        var (one, another, third) = (Open("a", "10.70.1.0/24"), Open("b", "10.70.1.0/24"), Open("c", "10.70.2.0/24"));
        Assert.Equal(["10.70.1.0/24 is announced by b as well: packets go to the nearer one. If that is not meant, take it away from one of them."], Told(one));
        Assert.StartsWith("10.70.1.0/24 is announced by a as well", Assert.Single(Told(another)), StringComparison.Ordinal);
        Assert.Empty(Told(third));
        Assert.Empty(Told(one));
        _live.Open(another, ReportedState.Nothing);
        Assert.Equal([""], Told(one));
    }

    /// <summary>Else one place of thousands that comes and goes were a message to all of them.</summary>
    [Fact]
    public void Tell_FurtherPlaceOfAPrefix_IsNoNewsToTheOthers()
    {
        var (one, _) = (Open("a", "10.70.1.0/24"), Open("b", "10.70.1.0/24"));
        Assert.Single(Told(one));
        var third = Open("c", "10.70.1.0/24");
        Assert.Empty(Told(one));
        Assert.Single(Told(third));
        _live.Open(third, ReportedState.Nothing);
        Assert.Empty(Told(one));
    }

    [Fact]
    public void Tell_WhatIsNotGranted_OrIsAHost_IsNothing()
    {
        var (one, _, host) = (Open("a", "10.80.1.0/24"), Open("b", "10.80.1.0/24"), Open("c", "10.70.1.1/32"));
        Open("d", "10.70.1.1/32");
        Assert.Empty(Told(one));
        Assert.Empty(Told(host));
    }

    private NodeSession Open(string name, string announced)
    {
        var node = _mesh.Enrol(name);
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Member(node.Id)!.Record, new StoredGrant("10.70.0.0/16", 32)));
        return TestSession.Open(_live, node.Id, ReportedState.Nothing with { Announced = [IPNetwork.Parse(announced)] });
    }

    private List<string> Told(NodeSession session)
    {
        _notices.Tell(_mesh.State.Nodes.Values.Where(node => node.IsActive));
        return session.Told(Notice.Types.Kind.SamePrefix);
    }
}
