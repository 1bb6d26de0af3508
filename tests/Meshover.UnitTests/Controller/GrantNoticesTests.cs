using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class GrantNoticesTests
{
    private static readonly ReportedState Announcing = ReportedState.Nothing with { Announced = [IPNetwork.Parse("10.64.1.0/24")] };

    private readonly TestMesh _mesh = new();
    private readonly LiveNodes _live = new(new FakeTimeProvider());
    private readonly GrantNotices _notices;
    private readonly uint _node;

    public GrantNoticesTests()
    {
        _notices = new GrantNotices(_live);
        _node = _mesh.Enrol("a").Id;
    }

    [Fact]
    public void Tell_AnnouncedAndNotGranted_IsSaidOnce()
    {
        var session = Open();
        Assert.Contains("10.64.1.0/24", Assert.Single(Told(session)), StringComparison.Ordinal);
        Assert.Empty(Told(session));
    }

    [Fact]
    public void Tell_MoreThanAnybodyReads_NamesTheFirst()
    {
        var many = ReportedState.Nothing with { Announced = [.. Enumerable.Range(0, 100).Select(i => IPNetwork.Parse($"10.64.{i}.0/24"))] };
        Assert.Contains("10.64.19.0/24 and 80 more. Other nodes refuse", Assert.Single(Told(Open(many))), StringComparison.Ordinal);
    }

    [Fact]
    public void Tell_NewStreamOfTheNode_IsToldAnew_ThoughTheNodeWasNeverOffline()
    {
        Told(Open());
        Assert.Contains("10.64.1.0/24", Assert.Single(Told(Open())), StringComparison.Ordinal);
    }

    [Fact]
    public void Tell_GrantedMeanwhile_SaysThatItIsOver()
    {
        var session = Open();
        Told(session);
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Member(_node)!.Record, new StoredGrant("10.64.1.0/24", 24)));
        Assert.Equal([""], Told(session));
        Assert.Empty(Told(session));
    }

    [Fact]
    public void Tell_NodeThatAnnouncesNothing_HearsNothing()
    {
        var session = Open(ReportedState.Nothing);
        Assert.Empty(Told(session));
    }

    private NodeSession Open(ReportedState? report = null) => TestSession.Open(_live, _node, report ?? Announcing);

    private List<string> Told(NodeSession session)
    {
        _notices.Tell(_mesh.State.Nodes.Values.Where(node => node.IsActive));
        return session.Told(Notice.Types.Kind.NotGranted);
    }
}
