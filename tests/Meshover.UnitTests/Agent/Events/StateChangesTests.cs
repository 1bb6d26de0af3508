using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Events;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;
using Meshover.UnitTests.Mesh;
using Xunit;

namespace Meshover.UnitTests.Agent.Events;

/// <summary>What is told of two looks at n1.</summary>
public sealed class StateChangesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly IPEndPoint At = IPEndPoint.Parse("192.0.2.2:12912");
    private static readonly NodeSnapshot Well = Snapshot(Up(2), Up(3));

    [Fact]
    public void FirstLook_AndOneThatIsTheSame_TellNothing()
    {
        Assert.Empty(Told(null, Well));
        Assert.Empty(Told(Well, Snapshot(Up(2), Up(3))));
    }

    [Fact]
    public void Session_ThatGoesAndComes_IsToldWithItsCauseAndWhatItTurnsOutToBe()
    {
        var down = Snapshot(Up(2), Down(3, FindingKinds.BgpDown));
        var off = Snapshot(Up(2), Down(3, FindingKinds.PeerOff));
        Assert.Equal(["session.down n3 [bgp-down]"], Told(Well, down));
        Assert.Equal(["session.cause n3: was bgp-down [peer-off]"], Told(down, off));
        Assert.Equal(["session.up n3"], Told(off, Well));
    }

    [Fact]
    public void Links_OfWhichNothingIsKnown_TellNothing() => Assert.Empty(Told(Well, Well with { Links = null }));

    [Fact]
    public void Path_ThatMoves_SaysFromWhereToWhereAndWhy()
    {
        var other = IPEndPoint.Parse("[2001:db8::2]:12912");
        var silent = Snapshot(Up(2) with { HeardAge = TimeSpan.FromSeconds(16) }, Up(3));
        Assert.Equal(["path.moved n2: 192.0.2.2:12912 -> [2001:db8::2]:12912"], Told(silent, Snapshot(Up(2) with { EndPoint = other }, Up(3))));
        Assert.Equal("It was silent at the former.", Assert.Single(StateChanges.Between(silent, Snapshot(Up(2) with { EndPoint = other }, Up(3)), "n1", Now)).Text);
    }

    [Fact]
    public void Members_ThatJoinAndLeave_AreTold_AndTheirFirstSession()
    {
        var four = Snapshot(Up(2), Up(4)) with { Members = Members(1, 2, 4) };
        Assert.Equal(["node.joined n4", "node.left n3", "session.up n4"], Told(Well, four));
    }

    [Fact]
    public void AnnouncementsAndGrants_AreToldBySingleChanges()
    {
        var before = Well with { Announced = Announced(("10.64.1.0/24", true), ("10.65.0.0/16", false)), Grants = ["10.64.1.0/24"] };
        var after = Well with { Announced = Announced(("10.65.0.0/16", true), ("10.66.0.0/16", false)), Grants = ["10.65.0.0/16"] };
        Assert.Equal(
            [
                "grant.added 10.65.0.0/16", "grant.removed 10.64.1.0/24", "announcement.made 10.65.0.0/16", "announcement.refused 10.66.0.0/16",
                "announcement.withdrawn 10.64.1.0/24",
            ],
            Told(before, after));
    }

    [Fact]
    public void Findings_AreRaisedOnceWhateverTheirWords_AndCleared()
    {
        var full = Well with { Findings = Found(new Finding(FindingKinds.DiskFull, "", "1 MiB is free")) };
        Assert.Equal(["finding.raised [disk-full]"], Told(Well, full));
        Assert.Empty(Told(full, Well with { Findings = Found(new Finding(FindingKinds.DiskFull, "", "0 MiB are free")) }));
        Assert.Equal(["finding.cleared [disk-full]"], Told(full, Well));
    }

    [Fact]
    public void Configuration_ThatIsRefused_IsToldAsThat_OnceForEachReason()
    {
        var refused = Well with { Findings = Found(new Finding(FindingKinds.FrrConfigurationRefused, "", "line 7")) };
        Assert.Equal(["configuration.refused [frr-configuration-refused]", "finding.raised [frr-configuration-refused]"], Told(Well, refused));
        Assert.Equal(["finding.cleared [frr-configuration-refused]"], Told(refused, Well));
        // Another of FRR's words is the same refusal; another mistake in the settings is another.
        Assert.Empty(Told(refused, Well with { Findings = Found(new Finding(FindingKinds.FrrConfigurationRefused, "", "line 8")) }));
        NodeSnapshot Settings(string problem) => Well with { Findings = Found(new Finding(FindingKinds.SettingsRefused, "agent.yaml", problem)) };
        Assert.Equal(["configuration.refused agent.yaml [settings-refused]", "finding.raised agent.yaml [settings-refused]"], Told(Well, Settings("10.0.0.0/8x is no prefix.")));
        Assert.All(StateChanges.Between(Well, Settings("10.0.0.0/8x is no prefix."), "n1", Now), change => Assert.Equal("10.0.0.0/8x is no prefix.", change.Text));
        Assert.Empty(Told(Settings("10.0.0.0/8x is no prefix."), Settings("10.0.0.0/8x is no prefix.")));
        Assert.Equal(["configuration.refused agent.yaml [settings-refused]"], Told(Settings("10.0.0.0/8x is no prefix."), Settings("0 is no port.")));
        Assert.Equal(["finding.cleared agent.yaml [settings-refused]"], Told(Settings("0 is no port."), Well));
    }

    [Fact]
    public void Owner_OfAGatheredRange_ThatChanges_IsToldWithBoth_AndWhatIsNotKnownIsNoChange()
    {
        var first = Well with { Gathered = Gathered(("10.0.0.0/8", "n2"), ("fd00::/8", "n2")) };
        Assert.Equal(["gathering.moved 10.0.0.0/8: n2 -> n3"], Told(first, Well with { Gathered = Gathered(("10.0.0.0/8", "n3"), ("fd00::/8", "n2")) }));
        var (nobody, gone) = (Well with { Gathered = Gathered(("10.0.0.0/8", ""), ("fd00::/8", "n2")) }, Well with { Gathered = Gathered(("fd00::/8", "n2")) });
        Assert.Equal(("n2", "", "None of its owners can take the packets: they are refused."), Moved(first, nobody));
        Assert.Equal(("n2", "", "None of its owners can take the packets: they leave by this node's own default route (gather-fallback)."), Moved(first, nobody with { FallsBack = true }));
        Assert.Equal(("", "n2", ""), Moved(nobody, first));
        Assert.Equal(("n2", "", "It is gathered no more."), Moved(first, gone));
        Assert.Equal(("", "n2", "It was not gathered before."), Moved(gone, first));
        Assert.Empty(Told(Well with { Gathered = null }, first));
        Assert.Empty(Told(first, Well with { Gathered = null }));

        static (string, string, string) Moved(NodeSnapshot former, NodeSnapshot next)
        {
            var moved = Assert.Single(StateChanges.Between(former, next, "n1", Now));
            return (moved.From, moved.To, moved.Text);
        }
    }

    [Fact]
    public void Controller_ThatIsLostAndFound_IsTold()
    {
        Assert.Equal(["controller.lost c:1"], Told(Well, Well with { IsConnected = false, Controller = "" }));
        Assert.Equal(["controller.lost c:1 [controller-name]"], Told(Well, Well with { IsConnected = false, ControllerFault = FindingKinds.ControllerName }));
        Assert.Equal(["controller.connected c:1"], Told(Well with { IsConnected = false, Controller = "" }, Well));
    }

    [Fact]
    public void Many_AtOnce_AreOneEventACause()
    {
        var all = Enumerable.Range(2, 100).Select(id => Up((uint)id)).ToArray();
        var gone = all.Select((link, i) => link with { Cause = i < 80 ? FindingKinds.PeerOff : FindingKinds.BgpDown }).ToArray();
        Assert.Equal(["session.down 80 at once [peer-off]", "session.down 20 at once [bgp-down]"], Told(Snapshot(all), Snapshot(gone)));
    }

    [Fact]
    public void Many_OfACause_TakeNoneOfAnotherAlong()
    {
        var all = Enumerable.Range(2, 18).Select(id => Up((uint)id)).ToArray();
        var gone = all.Select((link, i) => link with { Cause = i < 17 ? FindingKinds.PeerOff : FindingKinds.TunnelOneWay }).ToArray();
        Assert.Equal(["session.down 17 at once [peer-off]", "session.down n19 [tunnel-one-way]"], Told(Snapshot(all), Snapshot(gone)));

        var found = FindingKinds.All.Take(17).Select(kind => new Finding(kind, "", $"of {kind.Code}")).ToArray();
        var told = StateChanges.Between(Well, Well with { Findings = Found(found) }, "n1", Now).ToList();
        Assert.Equal(found.Select(finding => (finding.Kind.Code, finding.Text)).Order(), told.Where(change => change.Kind == "finding.raised").Select(change => (change.Code, change.Text)).Order());
    }

    /// <summary>Without the time, the node and the words.</summary>
    private static string[] Told(NodeSnapshot? former, NodeSnapshot next)
    {
        var told = StateChanges.Between(former, next, "n1", Now).ToArray();
        Assert.All(told, change => Assert.Equal((Now, "n1"), (change.Time, change.Node)));
        const string head = "2026-01-01 12:00:00.000Z n1 ";
        return [.. told.Select(change => (change with { Text = "" }).ToString()[head.Length..])];
    }

    private static NodeSnapshot Snapshot(params LinkView[] links) => new()
    {
        Members = Members([1, .. links.Select(link => link.Peer.Id.Value)]),
        Links = links.ToImmutableDictionary(link => link.Peer.Id),
        Announced = Announced(),
        Grants = [],
        Findings = Found(),
        IsConnected = true,
        Controller = "c:1",
    };

    private static LinkView Up(uint id) => new(TestMesh.Node(id), At, TimeSpan.Zero, Cause: null);

    private static LinkView Down(uint id, FindingKind cause) => Up(id) with { Cause = cause };

    private static ImmutableDictionary<NodeId, string> Members(params uint[] ids) => ids.ToImmutableDictionary(id => new NodeId(id), id => $"n{id}");

    private static ImmutableDictionary<string, bool> Announced(params (string Prefix, bool IsGranted)[] announced) =>
        announced.ToImmutableDictionary(one => one.Prefix, one => one.IsGranted);

    private static ImmutableDictionary<string, string> Gathered(params (string Range, string Owner)[] gathered) =>
        gathered.ToImmutableDictionary(one => one.Range, one => one.Owner, StringComparer.Ordinal);

    private static ImmutableDictionary<(string, string), Finding> Found(params Finding[] findings) => findings.ToImmutableDictionary(finding => finding.Key);
}
