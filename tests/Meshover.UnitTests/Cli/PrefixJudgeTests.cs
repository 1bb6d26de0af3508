using System.Net;
using Meshover.Cli.Routes;
using Meshover.Contract.V1;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Announcement = Meshover.Contract.V1.Announcement;
using RouteGrant = Meshover.Contract.V1.RouteGrant;

namespace Meshover.UnitTests.Cli;

/// <summary>What `meshover route explain` says of prefixes, by what n1 knows: n2 and n3 are its peers.</summary>
public sealed class PrefixJudgeTests
{
    private const uint N1 = 4200000000, N2 = N1 + 1, N3 = N1 + 2;

    [Fact]
    public void Announcement_ThatIsUsed_HasItsCostAndNextHop()
    {
        var facts = Facts("10.64.2.0/24") with
        {
            Paths = [Path("10.64.2.0/24", N2, N3, 100), Path("10.64.2.0/24", N2, N2, 50) with { IsUsed = true }],
            Kernel = [Route("10.64.2.0/24", RouteProtocols.Bgp, 20, "mo-00000002 (n2)")],
        };
        var row = Assert.Single(new PrefixJudge(facts).Announcements());
        Assert.Equal(("exact", "n2", "used", 50u, "n2"), (row.Match, row.Node, row.State, row.Cost!.Value, Assert.Single(row.NextHops)));
    }

    [Fact]
    public void Ways_AreEachNamedWithTheirCosts_AndWhyTheyLost()
    {
        var facts = Facts("10.64.2.0/24") with
        {
            Paths = [Path("10.64.2.0/24", N2, N2, 240), Path("10.64.2.0/24", N2, N3, 106) with { IsUsed = true }],
            // What another tells of a neighbour's address says nothing of the link with that neighbour.
            ToNodes = [Path("10.249.0.3/32", N3, N2, 9), Path("10.249.0.3/32", N3, N3, 56), Path("10.249.0.2/32", N2, N2, 240), Path("10.249.0.2/32", N2, N3, 99)],
        };
        Assert.Equal(["n3 106 = 56 + 50 (7) True ", "n2 240 = 240 + 0 (0) False costs 134 more"], Ways(facts));
        // Not asked, not answered, or the link has become worse since: the total alone.
        facts = facts with { ToNodes = [Path("10.249.0.3/32", N3, N3, 107)] };
        Assert.Equal(["n3 106 =  +  () True ", "n2 240 =  +  () False costs 134 more"], Ways(facts));
    }

    [Fact]
    public void Way_ThatLostByMoreThanItsCost_IsSaidWhy()
    {
        var way = Path("10.64.2.0/24", N2, N3, 90);
        Assert.Equal("costs 40 more", Reason(way, Path("10.64.2.0/24", N2, N2, 50)));
        Assert.Equal("costs as much; so many are used", Reason(way, Path("10.64.2.0/24", N2, N2, 90)));
        Assert.Equal("preferred less", Reason(way, Path("10.64.2.0/24", N2, N2, 100)));
        Assert.Equal("about to go", Reason(way with { IsGoing = true }, Path("10.64.2.0/24", N2, N2, 50)));
        Assert.Equal("costs 40 more", Reason(way with { IsGoing = true }, Path("10.64.2.0/24", N2, N2, 50) with { IsGoing = true }));
        var standby = way with { Failover = new(FailoverRole.Standby, 100) };
        Assert.Equal("it stands by", Reason(standby, Path("10.64.2.0/24", N2, N2, 50) with { Failover = new(FailoverRole.Active, 200) }));
        Assert.Equal("its priority is 100", Reason(standby, Path("10.64.2.0/24", N2, N2, 50) with { Failover = new(FailoverRole.Standby, 200) }));
        // One's own comes before anything is compared, and routers outside have preferences of their own.
        Assert.Equal("preferred less", Reason(way, new AnnouncedPath("10.64.2.0/24", 0) { Cost = 0 }));
        Assert.Equal("preferred less", Reason(way, new AnnouncedPath("10.64.2.0/24", 0) { Cost = 0, Router = "203.0.113.1" }));

        static string Reason(AnnouncedPath way, AnnouncedPath used)
        {
            var judge = new PrefixJudge(Facts("10.64.2.0/24") with { Paths = [way, used with { IsUsed = true }] });
            return Assert.Single(judge.Announcements().SelectMany(row => row.Ways), one => !one.Used).Reason!;
        }
    }

    [Fact]
    public void Announcements_AroundAndWithin_AreNamedAsSuchTheLongestFirst()
    {
        var facts = Facts("10.64.2.0/24") with
        {
            Paths = [Path("0.0.0.0/0", N3, N3, 50), Path("10.64.2.128/25", N2, N2, 50), Path("10.64.0.0/16", N3, N3, 50), Path("10.64.2.0/24", N2, N2, 50)],
        };
        Assert.Equal(["exact 10.64.2.0/24", "covers 10.64.0.0/16", "covers 0.0.0.0/0", "within 10.64.2.128/25"], new PrefixJudge(facts).Announcements().Select(row => $"{row.Match} {row.Prefix}"));
    }

    [Theory]
    [InlineData(RouteProtocols.Bgp, "used")]
    [InlineData(RouteProtocols.Static, "shadowed")]
    [InlineData((byte)112, "not-in-kernel")] // our own, which refuses
    public void BgpsChoice_IsHeldAgainstTheKernel(byte protocol, string state)
    {
        var facts = Facts("10.64.2.0/24") with
        {
            Paths = [Path("10.64.2.0/24", N2, N2, 50) with { IsUsed = true }],
            // What comes after it does not count.
            Kernel = [Route("10.64.2.0/24", RouteProtocols.Static, 4_000_000, "eth9"), Route("10.64.2.0/24", protocol, 20, "eth0")],
        };
        var row = Assert.Single(new PrefixJudge(facts).Announcements());
        Assert.Equal(state, row.State);
        Assert.Equal(state == "shadowed", row.Reason.Contains("static by eth0", StringComparison.Ordinal));
        Assert.Equal("not-in-kernel", Assert.Single(new PrefixJudge(facts with { Kernel = [] }).Announcements()).State);
    }

    [Theory]
    [InlineData("10.97.0.0/24", N2, "it was not granted. `meshover grant add n2 10.97.0.0/24`")]
    [InlineData("10.64.2.0/28", N2, "its grant of 10.64.2.0/24 ends at /26")]
    [InlineData("10.64.0.0/16", N2, "it was granted 10.64.2.0/24 alone, which is less")]
    [InlineData("127.1.0.0/16", N2, "never routed")]
    [InlineData("10.249.7.0/24", N2, "the mesh's own pool")]
    [InlineData("198.18.0.7/32", N2, "the mesh's own pool")]
    [InlineData("0.0.0.0/0", N3, "accept-default")]
    [InlineData("10.64.2.0/25", N2, "although it was granted")]
    [InlineData("10.97.0.0/24", 4_200_000_099u, "no member of the mesh")]
    public void WhatIsRefused_IsSaidWhy(string prefix, uint origin, string why)
    {
        var row = Assert.Single(new PrefixJudge(Facts(prefix) with { Refused = [new RefusedPath(prefix, "mo-00000003", origin)] }).Announcements());
        Assert.Equal(("refused", true), (row.State, row.Reason.Contains(why, StringComparison.Ordinal)));
        Assert.Equal(origin != N3, row.Reason.EndsWith("It came by n3.", StringComparison.Ordinal));
    }

    [Fact]
    public void Refused_ThatCameBackOrIsAcceptedByAnotherWay_IsNotTold()
    {
        var facts = Facts("10.64.2.0/24") with
        {
            Paths = [Path("10.64.2.0/24", N2, N2, 50) with { IsUsed = true }],
            Refused = [new RefusedPath("10.64.2.0/24", "mo-00000003", N2), new RefusedPath("10.64.2.0/24", "mo-00000003", N1)],
        };
        Assert.NotEqual("refused", Assert.Single(new PrefixJudge(facts).Announcements()).State);
    }

    [Fact]
    public void FloatingAddress_HasItsConditionsAndWhoStandsBy()
    {
        var facts = Facts("10.9.0.1/32") with
        {
            Paths =
            [
                new AnnouncedPath("10.9.0.1/32", 0) { IsUsed = true, Failover = new(FailoverRole.Active, 200) },
                Path("10.9.0.1/32", N3, N3, 1050) with { Failover = new(FailoverRole.Standby, 100) },
            ],
            Leased = ["10.9.0.1/32"],
        };
        facts.Status.Announcements.Add(new Announcement
        {
            Prefix = "10.9.0.1/32",
            Sources = { "declared" },
            Granted = true,
            Mode = "active-standby",
            Role = "active",
            Check = "tcp:127.0.0.1:80",
        });
        var rows = new PrefixJudge(facts).Announcements().ToList();
        Assert.Equal(["n1 own active 200", "n3 accepted standby 100"], rows.Select(row => $"{row.Node} {row.State} {row.Role} {row.Priority}"));
        Assert.Contains("active-standby, while tcp:127.0.0.1:80 succeeds, leased", rows[0].Reason, StringComparison.Ordinal);
        Assert.Contains("stands by", rows[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void OwnAnnouncement_ThatIsWithdrawnOrNotGranted_SaysSo()
    {
        var facts = Facts("10.97.0.0/24");
        facts.Status.Announcements.Add(new Announcement { Prefix = "10.97.0.0/24", Sources = { "configuration" }, Withdrawn = true, Reason = "its check fails" });
        var row = Assert.Single(new PrefixJudge(facts).Announcements());
        Assert.Equal("withdrawn", row.State);
        Assert.Contains("`meshover grant add n1 10.97.0.0/24`", row.Reason, StringComparison.Ordinal);
        Assert.Contains("its check fails.", row.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Holders_WhoAnnounceNothing_AreSaidWhy()
    {
        var facts = Facts("10.64.2.0/24") with { Paths = [Path("10.64.2.0/24", N2, N2, 50)] };
        facts.Map.Nodes.Single(node => node.Asn == N3).Grants.Add(new RouteGrant { Prefix = "10.64.2.0/25" });
        facts.Status.Peers.Single(peer => peer.Asn == N3).Path = "none";
        facts.Status.Peers.Single(peer => peer.Asn == N3).PathReason = "it is off";
        var judge = new PrefixJudge(facts);
        Assert.Equal(
            ["exact n2 10.64.2.0/24 26 ", "covers n3 0.0.0.0/0 0 no way leads to it: it is off", "within n3 10.64.2.0/25 25 no way leads to it: it is off"],
            judge.Holders([.. judge.Announcements()]).Select(holder => $"{holder.Match} {holder.Node} {holder.Prefix} {holder.MaxLength} {holder.Silent}"));
    }

    /// <summary>What was not asked, or not answered, is not known: nobody is told that nothing is announced.</summary>
    [Fact]
    public void Holder_OfWhomItIsNotKnown_IsNotSaidToAnnounceNothing()
    {
        var facts = Facts("10.64.0.0/16");
        var (asked, part) = (facts.Asked, IPNetwork.Parse("10.64.2.0/24"));
        Assert.Equal(["n3 whether it announces anything of it is not known", "n2 whether it announces anything of it is not known"], Silent(facts));
        facts = facts with { PathsOf = [asked] }; // too many parts: n2's was left out
        Assert.Equal("n2 whether it announces anything of it is not known", Silent(facts)[1]);
        facts = facts with { PathsOf = [asked, part] };
        Assert.Equal("n2 nothing of it is accepted here; whether something is refused is not known", Silent(facts)[1]);
        facts = facts with { RefusedOf = ["mo-00000002"] };
        Assert.Equal(["n3 nothing of it is accepted here; whether something is refused is not known", "n2 it announces nothing of it that is accepted here"], Silent(facts));
        facts = facts with { RefusedOf = [.. facts.Speakers.Select(peer => peer.Link)] };
        Assert.Equal("n3 it announces nothing of it that is accepted here", Silent(facts)[0]);

        static string[] Silent(PrefixFacts facts)
        {
            var judge = new PrefixJudge(facts);
            return [.. judge.Holders([.. judge.Announcements()]).Select(holder => $"{holder.Node} {holder.Silent}")];
        }
    }

    /// <summary>Its AS path is empty on the border, as that of the node's own.</summary>
    [Fact]
    public void WhatRoutersOutsideTell_IsLearnedFromEach_AndNotOwn()
    {
        var facts = Facts("10.20.1.0/24") with
        {
            Paths =
            [
                new AnnouncedPath("10.20.1.0/24", 0) { Router = "203.0.113.1", IsUsed = true, Cost = 5 }, new AnnouncedPath("10.20.1.0/24", 0) { Router = "eth1" },
                new AnnouncedPath("10.20.0.0/16", 0) { IsUsed = true },
            ],
            Kernel = [Route("10.20.1.0/24", RouteProtocols.Bgp, 20, "eth0")],
        };
        var rows = new PrefixJudge(facts).Announcements().ToList();
        Assert.Equal(
            ["n1 10.20.1.0/24 used by 203.0.113.1", "n1 10.20.1.0/24 accepted by eth1", "n1 10.20.0.0/16 own by "],
            rows.Select(row => $"{row.Node} {row.Prefix} {row.State} by {string.Join(' ', row.NextHops)}"));
        Assert.Equal("Learned from 203.0.113.1, a router outside the mesh. Accepted, and the kernel has it.", rows[0].Reason);
        Assert.Equal(5u, rows[0].Cost);
        Assert.Equal(["203.0.113.1 5 =  +  () True "], Ways(facts).Take(1));
        Assert.Equal(("eth1", "preferred less"), (rows[1].Ways[0].By, rows[1].Ways[0].Reason));
        Assert.Empty(rows[2].Ways);
    }

    [Fact]
    public void Refused_WhoseOriginCannotBeRead_IsNobodys()
    {
        var facts = Facts("10.97.0.0/24") with { Refused = [new RefusedPath("10.97.0.0/24", "mo-00000003", 0), new RefusedPath("10.97.0.0/24", "mo-00000002", 0)] };
        var rows = new PrefixJudge(facts).Announcements().ToList();
        Assert.Equal(["unknown", "unknown"], rows.Select(row => row.Node));
        Assert.Equal("Refused: its AS path does not say which node announces it. It came by n3.", rows[0].Reason);
    }

    [Fact]
    public void Refused_ThatIsTheAnnouncersOwnAddress_IsNotSaidToLieInThePool()
    {
        var facts = Facts("10.249.0.2/32") with { Refused = [new RefusedPath("10.249.0.2/32", "mo-00000003", N2)] };
        facts.Map.Nodes.Single(node => node.Asn == N2).Address4 = "10.249.0.2";
        Assert.StartsWith("Refused, although it is the node's own address: its AS path has more hops", Assert.Single(new PrefixJudge(facts).Announcements()).Reason, StringComparison.Ordinal);
        facts = facts with { Refused = [new RefusedPath("10.249.0.2/32", "mo-00000003", N3)] };
        Assert.Contains("the mesh's own pool", Assert.Single(new PrefixJudge(facts).Announcements()).Reason, StringComparison.Ordinal);
    }

    /// <summary>One of an older release says of no path whether it is used, nor who told it.</summary>
    [Fact]
    public void DaemonOfAnOlderRelease_IsUnderstood()
    {
        var facts = Facts("10.64.2.0/24") with
        {
            Paths = [new AnnouncedPath("10.64.2.0/24", N2)],
            Kernel = [Route("10.64.2.0/24", RouteProtocols.Bgp, 20, "mo-00000002 (n2)")],
        };
        var row = Assert.Single(new PrefixJudge(facts).Announcements());
        Assert.Equal(("used", null), (row.State, row.Cost));
        Assert.Empty(row.NextHops);
        Assert.Empty(row.Ways);
    }

    [Fact]
    public void Schema_IsTheOneInDocs() => GoldenFile.Equal("../../../docs/route.schema.json", JsonSchemaText.Of(RouteJson.Default.Options, typeof(RouteDocument)));

    [Fact]
    public void FurtherAddress_IsANodesOwn_AndOneThatRestsIsSaidToHaveBeenTaken()
    {
        var facts = Facts("10.249.9.2/32");
        facts.Map.Nodes[1].RestingAddresses.Add("10.249.9.2");
        facts = facts with { Refused = [new RefusedPath("10.249.9.2/32", "mo-00000002", N2)] };
        Assert.Contains("was taken from it", Assert.Single(new PrefixJudge(facts).Announcements()).Reason, StringComparison.Ordinal);
        facts.Map.Nodes[1].RestingAddresses.Clear();
        facts.Map.Nodes[1].FurtherAddresses.Add(new FurtherAddress { Address = "10.249.9.2" });
        Assert.Contains("although it is the node's own address", Assert.Single(new PrefixJudge(facts).Announcements()).Reason, StringComparison.Ordinal);
        facts = Facts("10.249.9.1/32") with { Paths = [new AnnouncedPath("10.249.9.1/32", 0)] };
        facts.Map.Nodes[0].FurtherAddresses.Add(new FurtherAddress { Address = "10.249.9.1", Note = "mail relay" });
        Assert.Equal("This node announces it: a further address of its own (mail relay).", Assert.Single(new PrefixJudge(facts).Announcements()).Reason);
    }

    private static PrefixFacts Facts(string asked) => new()
    {
        Asked = IPNetwork.Parse(asked),
        Status = Status(),
        Map = new MeshSnapshot
        {
            Settings = new MeshSettings { Pool4 = "10.249.0.0/16", Pool6 = "fd12:3456:789a::/48", TunnelPool = "198.18.0.0/15" },
            Nodes =
            {
                new NodeInfo { Id = 1, Hostname = "n1", Asn = N1 },
                new NodeInfo { Id = 2, Hostname = "n2", Asn = N2, Grants = { new RouteGrant { Prefix = "10.64.2.0/24", MaxLength = 26 } } },
                new NodeInfo { Id = 3, Hostname = "n3", Asn = N3, Grants = { new RouteGrant { Prefix = "0.0.0.0/0" } } },
            },
        },
    };

    private static IEnumerable<string> Ways(PrefixFacts facts) =>
        new PrefixJudge(facts).Announcements().SelectMany(row => row.Ways).Select(way => $"{way.By} {way.Cost} = {way.Link} + {way.Beyond} ({way.Set}) {way.Used} {way.Reason}");

    private static AgentStatus Status()
    {
        var status = StatusSamples.Healthy();
        status.Announcements.Clear();
        return status;
    }

    private static AnnouncedPath Path(string prefix, uint origin, uint neighbor, uint cost) => new(prefix, origin) { Neighbor = neighbor, Cost = cost };

    private static KernelRoute Route(string prefix, byte protocol, uint metric, string by) => new(IPNetwork.Parse(prefix), RouteKind.Unicast, protocol, RouteInfo.MainTable, metric, [by]);
}
