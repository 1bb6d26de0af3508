using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Agent.Endpoints;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Meshover.UnitTests.Agent.Reconciling.KernelScene;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>
/// What gathering makes of a kernel, pass by pass. This is node 1; nodes 2 and 3 may own 203.0.113.0/24, and are reached by mo-00000002 and mo-00000003.
/// </summary>
public sealed class GatheringTests
{
    private const int Link2 = 8, Link3 = 10;
    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<IPAddress, RouteInfo> _ways = [];
    private readonly List<RouteInfo> _tables = [];
    private KernelState _state = Settled();

    [Fact]
    public void Pass_OneOwner_FillsTheTablesBeforeTheRulesAndLeavesThemAloneThen()
    {
        Reaches(2, Link2);
        var plan = Plan(Owner(2));
        Assert.Equal(
            """
            set route throw 10.249.0.0/16 table 7402 metric 1
            set route unreachable 0.0.0.0/0 table 7402 metric 4294967294
            set route throw 10.249.0.0/16 table 7403 metric 1
            set route unreachable 0.0.0.0/0 table 7403 metric 4294967294
            set route 0.0.0.0/0 via fe80::2 dev mo-00000002 table 7403 metric 1
            add rule 7499: IPv4 nooperation
            add rule 7400: IPv4 fwmark 0x6d/0xff goto 7499
            add rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7403
            add rule 7450: IPv4 from 203.0.113.0/24 lookup 7403
            """,
            Pass(Keeper(), plan));
        Assert.Equal("", Pass(Keeper(), plan)); // an agent that starts anew
    }

    [Fact]
    public void Pass_OwnerGone_LeavesTheRefusal_AndThePlanWithoutItNothing()
    {
        Reaches(2, Link2);
        var keeper = Keeper();
        Pass(keeper, Plan(Owner(2)));
        _ways.Clear();
        Assert.Equal(
            """
            add rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7402
            remove rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7403
            remove route 0.0.0.0/0 via fe80::2 dev mo-00000002 table 7403 metric 1
            """,
            Pass(keeper, Plan(Owner(2))));
        var undone = Pass(keeper, GatheringPlan.None).Split('\n');
        Assert.Equal(8, undone.Length);
        // Nobody is led to what is emptied, nothing that came by a link comes to a plain rule, and to the last the underlay is spared.
        Assert.Equal(["7450", "7410", "7400", "7499"], undone[..4].Select(change => change["remove rule ".Length..][..4]));
        Assert.All(undone[4..], change => Assert.StartsWith("remove route ", change, StringComparison.Ordinal));
        Assert.Equal("", Pass(keeper, GatheringPlan.None));
    }

    [Fact]
    public void Pass_PathByAnother_IsNotForWhatCameByALink()
    {
        Reaches(2, Link3); // by node 3
        Assert.Contains("add rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7402", Pass(Keeper(), Plan(Owner(2))), StringComparison.Ordinal);
    }

    [Fact]
    public void Pass_SeveralHops_AreAllTaken()
    {
        _ways[Address(2)] = Way(2) with
        {
            Gateway = null,
            OutputLink = 0,
            NextHopId = 77,
            NextHops = [new NextHop { Gateway = IPAddress.Parse("fe80::2"), OutputLink = Link2, Weight = 1 }, new NextHop { Gateway = IPAddress.Parse("fe80::3"), OutputLink = Link3, Weight = 1 }],
        };
        Assert.Contains("set route 0.0.0.0/0 by 2 next hops table 7403 metric 1", Pass(Keeper(), Plan(Owner(2))), StringComparison.Ordinal);
    }

    [Fact]
    public void Pass_TheOwnerIsThisNode_LetsItsPacketsGo()
    {
        var changes = Pass(Keeper(), Plan(Owner(1)));
        Assert.Contains("add rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff goto 7499", changes, StringComparison.Ordinal);
        Assert.Contains("add rule 7450: IPv4 from 203.0.113.0/24 goto 7499", changes, StringComparison.Ordinal);
    }

    [Fact]
    public void Pass_OwnerThatCannotTakeThemOut_HandsThemToThoseAfterItAlone()
    {
        Reaches(2, Link2);
        Assert.Contains("7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7403", Pass(Keeper(), Plan(Owner(1) with { IsFailing = true }, Owner(2))), StringComparison.Ordinal);
        _state = Settled();
        _tables.Clear();
        var after = Pass(Keeper(), Plan(Owner(2), Owner(1) with { IsFailing = true }));
        Assert.Contains("7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff goto 7499", after, StringComparison.Ordinal); // nobody after it: it cannot do worse than refuse
        Assert.Contains("7450: IPv4 from 203.0.113.0/24 lookup 7403", after, StringComparison.Ordinal); // its own workloads' may go there
    }

    [Fact]
    public void Pass_OwnerThatCannotTakeThemOutBetweenTwoThatCan_HandsThemToTheOneAfterIt_ByATableOfItsOwn()
    {
        Reaches(2, Link2);
        Reaches(3, Link3);
        var (keeper, plan) = (Keeper(), Plan(Owner(2, priority: 200), Owner(1) with { IsFailing = true }, Owner(3, priority: 50)));
        var changes = Pass(keeper, plan);
        Assert.Contains("set route 0.0.0.0/0 via fe80::2 dev mo-00000002 table 7403", changes, StringComparison.Ordinal); // this node's own
        Assert.Contains("set route 0.0.0.0/0 via fe80::3 dev mo-00000003 table 7404", changes, StringComparison.Ordinal);
        Assert.Contains("set route unreachable 0.0.0.0/0 table 7404", changes, StringComparison.Ordinal);
        Assert.Contains("7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7404", changes, StringComparison.Ordinal);
        Assert.Contains("7450: IPv4 from 203.0.113.0/24 lookup 7403", changes, StringComparison.Ordinal);
        Assert.Equal("", Pass(keeper, plan));
        Assert.Equal("", Pass(Keeper(), plan)); // an agent that starts anew
        Reaches(3, Link2); // by another now
        Assert.Contains("add rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff goto 7499", Pass(keeper, plan), StringComparison.Ordinal);
        Assert.DoesNotContain(_tables, route => route.Table == 7404);
    }

    [Fact]
    public void Pass_AllOwnersFail_OneThatIsReachedHasThePacketsYet()
    {
        Reaches(3, Link3);
        Assert.Contains(
            "set route 0.0.0.0/0 via fe80::3 dev mo-00000003 table 7403",
            Pass(Keeper(), Plan(Owner(2) with { IsFailing = true }, Owner(3) with { IsFailing = true })), StringComparison.Ordinal);
    }

    [Fact]
    public void Pass_NothingIsSetByRulesBeforeTheFirewallThatTheyRestOn()
    {
        Reaches(2, Link2);
        var plan = Plan(Owner(2));
        var state = _state with { FirewallStands = false };
        var changes = KernelDiff.Compute(state with { Gather = Keeper().Look(plan, state, KernelNames.Default) }, PlanWith(plan)).ToList();
        Assert.InRange(changes.FindIndex(change => change is SetFirewall), 0, changes.FindIndex(change => change is AddRule) - 1);
    }

    [Fact]
    public void Pass_OwnerDiesAndIsBack_TheOtherTakesItsPlaceInTheTable_AndGivesItBackWhenThatHasSettled()
    {
        Reaches(2, Link2);
        Reaches(3, Link3);
        var (keeper, plan) = (Keeper(), Plan(Owner(2, priority: 200), Owner(3)));
        Pass(keeper, plan);
        _ways.Remove(Address(2));
        Assert.Equal("set route 0.0.0.0/0 via fe80::3 dev mo-00000003 table 7403 metric 1", Pass(keeper, plan));
        Reaches(2, Link2);
        Assert.Equal("", Pass(keeper, plan));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("", Pass(keeper, plan));
        Assert.Equal("", Pass(Keeper(), plan)); // an agent that starts anew has the packets' owner from the table
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("set route 0.0.0.0/0 via fe80::2 dev mo-00000002 table 7403 metric 1", Pass(keeper, plan));
    }

    [Fact]
    public void Pass_FurtherRange_GetsATableOfItsOwn_AndIsAskedFirstWhereItIsLonger()
    {
        Reaches(2, Link2);
        var (keeper, plan) = (Keeper(), Plan(Owner(2)));
        Pass(keeper, plan);
        var both = plan with { Ranges = [new GatheredRange(IPNetwork.Parse("203.0.113.0/25")) { Owners = [Owner(2)] }, .. plan.Ranges] };
        Assert.Equal(
            """
            set route throw 10.249.0.0/16 table 7404 metric 1
            set route unreachable 0.0.0.0/0 table 7404 metric 4294967294
            set route 0.0.0.0/0 via fe80::2 dev mo-00000002 table 7404 metric 1
            add rule 7410: IPv4 from 203.0.113.0/25 fwmark 0x6e/0xff lookup 7404
            add rule 7450: IPv4 from 203.0.113.0/25 lookup 7404
            add rule 7411: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7403
            add rule 7451: IPv4 from 203.0.113.0/24 lookup 7403
            remove rule 7450: IPv4 from 203.0.113.0/24 lookup 7403
            remove rule 7410: IPv4 from 203.0.113.0/24 fwmark 0x6e/0xff lookup 7403
            """,
            Pass(keeper, both));
    }

    [Fact]
    public async Task Apply_FirewallThatCannotBeSet_LeavesGatheringsRulesAsTheyAre()
    {
        var sysctls = new NoSysctls();
        var applier = new KernelApplier(
            new FakeMachine(), sysctls, new SysctlMemory(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), sysctls),
            new Firewall(new Nft(program: "/nonexistent/nft"), generation: null), KernelNames.Default);
        var rule = new RuleInfo { Family = System.Net.Sockets.AddressFamily.InterNetwork, Priority = 7450, Table = 7403 };
        await applier.ApplyAsync(
            [new SetFirewall(FirewallDocument.Of(PlanWith(Plan(Owner(2))))!), new AddRule(rule), new RemoveRule(rule with { Priority = 7451 })], TestContext.Current.CancellationToken);
        Assert.Single(applier.Errors);
        Assert.Empty(applier.Made);
    }

    [Fact]
    public void Pass_NodeThatFallsBack_LetsItsOwnPacketsGoPastLargerRanges_AndNeverWhatCameByALink()
    {
        Reaches(2, Link2);
        var larger = Plan(Owner(2));
        var plan = larger with { FallsBack = true, Ranges = [new GatheredRange(IPNetwork.Parse("203.0.113.0/25")) { Owners = [Owner(3)] }, .. larger.Ranges] };
        var keeper = Keeper();
        var changes = Pass(keeper, plan);
        Assert.Contains("7410: IPv4 from 203.0.113.0/25 fwmark 0x6e/0xff lookup 7402", changes, StringComparison.Ordinal);
        Assert.Contains("7450: IPv4 from 203.0.113.0/25 goto 7499", changes, StringComparison.Ordinal);
        Assert.Contains("7451: IPv4 from 203.0.113.0/24 lookup 7404", changes, StringComparison.Ordinal);
        Reaches(3, Link3);
        Assert.Contains("add rule 7450: IPv4 from 203.0.113.0/25 lookup 7403", Pass(keeper, plan), StringComparison.Ordinal);
        // A hop that goes without a pass: what came by a link, and looks into the same table, is refused there.
        Assert.All((uint[])[7402, 7403, 7404], table => Assert.Contains(_tables, route => route.Table == table && route is { Kind: RouteKind.Unreachable, Destination.PrefixLength: 0 }));
    }

    [Fact]
    public void Firewall_MarksWhatComesByALink_OfTheOutermostRangesAlone()
    {
        var plan = Plan(Owner(2));
        var json = FirewallDocument.Of(PlanWith(plan with { Ranges = [new GatheredRange(IPNetwork.Parse("203.0.113.0/25")) { Owners = [Owner(2)] }, .. plan.Ranges] }))!.Json;
        Assert.Contains("""{"prefix":{"addr":"203.0.113.0","len":24} }""", json, StringComparison.Ordinal);
        Assert.DoesNotContain("\"len\":25", json, StringComparison.Ordinal);
        Assert.Contains("\"hook\":\"prerouting\",\"prio\":-140", json, StringComparison.Ordinal); // after those who set marks whole at -150
        Assert.Contains("""{"|":[{"&":[{"meta":{"key":"mark"} },4294967040]},110]}""", json, StringComparison.Ordinal);
        Assert.DoesNotContain("gathered", FirewallDocument.Of(PlanWith(GatheringPlan.None))!.Json, StringComparison.Ordinal);
    }

    private sealed class NoSysctls : ISysctls
    {
        public string? TryRead(string key) => null;

        public void Write(string key, string value) => throw new NotSupportedException();
    }

    private GatherKeeper Keeper() => new(address => _ways.GetValueOrDefault(address), table => [.. _tables.Where(route => route.Table == table)], _time);

    /// <summary>One pass: what is changed, as text, is the kernel's afterwards.</summary>
    private string Pass(GatherKeeper keeper, GatheringPlan gathering)
    {
        var state = _state with { Links = [.. _state.Links.Where(link => link.Index != Link3), Link(Link3, "mo-00000003")] };
        var changes = KernelDiff.Compute(state with { Gather = keeper.Look(gathering, state, KernelNames.Default) }, PlanWith(gathering));
        ImmutableArray<KernelChange> made = [.. changes.Where(change => change is SetRoute or AddRule or RemoveRule or RemoveRoute)];
        foreach (var change in made)
            Apply(change);
        return Text(made);
    }

    private void Apply(KernelChange change)
    {
        switch (change)
        {
            case SetRoute { Route: var route }:
                _tables.RemoveAll(other => (other.Table, other.Destination, other.Metric) == (route.Table, route.Destination, route.Metric));
                _tables.Add(route);
                break;
            case RemoveRoute { Route: var route }:
                Assert.True(_tables.Remove(route));
                break;
            case AddRule { Rule: var rule }:
                _state = _state with { Rules = [.. _state.Rules, rule] };
                break;
            case RemoveRule { Rule: var rule }:
                _state = _state with { Rules = [.. _state.Rules.Where(other => other != rule)] };
                break;
        }
    }

    private void Reaches(uint node, int link) => _ways[Address(node)] = Way(node) with { OutputLink = link, Gateway = IPAddress.Parse($"fe80::{(link == Link2 ? 2 : 3)}") };

    private static RouteInfo Way(uint node) =>
        new() { Destination = new IPNetwork(Address(node), 32), PreferredSource = IPAddress.Parse("10.249.0.1"), Metric = 20, Protocol = RouteProtocols.Bgp };

    private static IPAddress Address(uint node) => IPAddress.Parse($"10.249.0.{node}");

    private static GatherOwner Owner(uint node, int priority = 100) => new(new NodeId(node), $"n{node}", Address(node), priority, IsFailing: false, IsSelf: node == 1);

    private static GatheringPlan Plan(params GatherOwner[] owners) => new()
    {
        Ranges = [new GatheredRange(IPNetwork.Parse("203.0.113.0/24")) { Owners = [.. owners] }],
        Inside = [IPNetwork.Parse("10.249.0.0/16")],
    };

    private static SystemPlan PlanWith(GatheringPlan gathering) => KernelScene.Plan() with { Kernel = KernelScene.Plan().Kernel with { Gathering = gathering } };
}
