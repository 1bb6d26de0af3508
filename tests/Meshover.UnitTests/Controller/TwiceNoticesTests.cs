using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class TwiceNoticesTests
{
    private static readonly IPNetwork Host = IPNetwork.Parse("10.70.0.6/32");
    private static readonly ReportedState Has = ReportedState.Nothing with { Announced = [Host] };

    private readonly TestMesh _mesh = new();
    private readonly LiveNodes _live = new(new FakeTimeProvider());
    private readonly TwiceNotices _notices;

    public TwiceNoticesTests() => _notices = new TwiceNotices(_live);

    [Fact]
    public void Tell_HostThatOneNodeSeesAtTwo_IsSaidToBoth_Once_AndThatItIsOver()
    {
        var (older, newer, other) = (Open("a", Has with { Twice = [Host] }), Open("b", Has), Open("c", ReportedState.Nothing));
        const string said = "A host with the address 10.70.0.6 lives at a and at b. Packets go to the one that came last; give one of them another address.";
        Assert.Equal([said], Told(older));
        Assert.Equal([said], Told(newer));
        Assert.Empty(Told(other));
        Assert.Empty(Told(older));
        Assert.Empty(Told(newer));
        _live.Open(newer, ReportedState.Nothing);
        Assert.Equal([""], Told(older));
    }

    [Fact]
    public void Tell_AddressThatSeveralNodesHaveOnPurpose_IsNothing()
    {
        var (one, another) = (Open("a", Has), Open("b", Has));
        Assert.Empty(Told(one));
        Assert.Empty(Told(another));
    }

    [Fact]
    public void Tell_WhatANodeSaysOfOthers_OrWithoutAGrant_IsNothing()
    {
        var (one, another) = (Open("a", Has), Open("b", Has));
        Open("liar", ReportedState.Nothing with { Twice = [Host] });
        Open("other", Has with { Twice = [Host] }, grant: null);
        Assert.Empty(Told(one));
        Assert.Empty(Told(another));
    }

    private NodeSession Open(string name, ReportedState report, string? grant = "10.70.0.0/16")
    {
        var node = _mesh.Enrol(name);
        if (grant is not null)
            _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Member(node.Id)!.Record, new StoredGrant(grant, 32)));
        return TestSession.Open(_live, node.Id, report);
    }

    private List<string> Told(NodeSession session)
    {
        _notices.Tell(_mesh.State.Nodes.Values.Where(node => node.IsActive));
        return session.Told(Notice.Types.Kind.Twice);
    }
}
