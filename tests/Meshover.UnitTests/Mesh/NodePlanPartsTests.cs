using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using Meshover.Mesh.Gathering;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

/// <summary>Every property of every part is changed in turn: one that is forgotten in a comparison would never reach the kernel, or FRR.</summary>
public sealed class NodePlanPartsTests
{
    private static readonly string[] NotOfTheSystem = ["WireGuardPlan.Routes", "WireGuardPeerPlan.Endpoints"];

    [Fact]
    public void SamePlanMadeTwice_HasEqualParts()
    {
        Assert.Equal(Plan().ForSystem, Plan().ForSystem);
        Assert.Equal(Plan().ForSystem.GetHashCode(), Plan().ForSystem.GetHashCode());
        Assert.Equal(Plan().ForRouting, Plan().ForRouting);
        Assert.Equal(Plan().ForRouting.GetHashCode(), Plan().ForRouting.GetHashCode());
        Assert.NotEqual(Plan().ForRouting, (Plan() with { Routing = null }).ForRouting);
    }

    [Fact]
    public void AnyPropertyOfTheSystemsParts_ChangesIt()
    {
        var plan = Plan().ForSystem;
        Check(plan.WireGuard, changed => plan == plan with { WireGuard = changed });
        Check(plan.WireGuard.Peers[0], changed => plan == plan with { WireGuard = plan.WireGuard with { Peers = plan.WireGuard.Peers.SetItem(0, changed) } });
        Check(plan.Links[0], changed => plan == plan with { Links = plan.Links.SetItem(0, changed) });
        Check(plan.Kernel, changed => plan == plan with { Kernel = changed });
        Check(plan.Kernel.Gathering, changed => plan == plan with { Kernel = plan.Kernel with { Gathering = changed } });
        var range = plan.Kernel.Gathering.Ranges[0];
        Check(range, changed => range == changed);
        Check(range.Owners[0], changed => range == range with { Owners = [changed] });
        Check(plan.Kernel.Bgp!, changed => plan == plan with { Kernel = plan.Kernel with { Bgp = changed } });
        Assert.NotEqual(plan, plan with { Links = plan.Links.RemoveAt(0) });
    }

    [Fact]
    public void AnyPropertyOfRouting_ChangesIt()
    {
        var model = Plan().Routing!;
        Check(model, changed => new RoutingPlan(model) == new RoutingPlan(changed));
        Check(model.Neighbors[0], changed => model == model with { Neighbors = model.Neighbors.SetItem(0, changed) });
    }

    private static void Check<T>(T part, Func<T, bool> same) where T : class
    {
        var copy = typeof(T).GetMethod("<Clone>$")!;
        foreach (var property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            var changed = (T)copy.Invoke(part, null)!;
            property.SetValue(changed, Other(property.GetValue(part), property.PropertyType));
            var name = $"{typeof(T).Name}.{property.Name}";
            Assert.True(same(changed) == NotOfTheSystem.Contains(name), $"{name} is not compared as it should be.");
        }
    }

    private static object? Other(object? value, Type type) => value switch
    {
        bool flag => !flag,
        int number => number + 1,
        uint number => number + 1,
        ulong number => number ^ 1,
        null when type == typeof(uint?) => 1u,
        byte number => (byte)(number + 1),
        string text => text + "x",
        IPAddress => IPAddress.Parse("203.0.113.77"),
        IPNetwork => IPNetwork.Parse("203.0.113.0/24"),
        NodeId id => new NodeId(id.Value + 100),
        Asn asn => new Asn(asn.Value + 100),
        GatheringPlan plan => plan with { FallsBack = !plan.FallsBack },
        BfdTimers timers => timers with { Lan = new BfdTimer(timers.Lan.IntervalMs + 50, timers.Lan.Multiplier) },
        Meshover.Mesh.Paths.BfdProfile profile => profile + 1,
        MasqueradePlan plan => plan with { Sources = [] },
        BgpGuard guard => guard with { Port = guard.Port + 1 },
        Meshover.Mesh.Endpoints.UnderlayRoutes => Meshover.Mesh.Endpoints.UnderlayRoutes.To([]),
        WireGuardPublicKey or null when type == typeof(WireGuardPublicKey) || type == typeof(WireGuardPublicKey?) => TestMesh.Node(77).WireGuardKeys[0],
        IEnumerable => Activator.CreateInstance(type) is { } && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? type.GetField("Empty")!.GetValue(null) : null,
        _ => throw new NotSupportedException($"No other value of {type} is known."),
    };

    private static NodePlan Plan()
    {
        var map = TestMesh.Of(TestMesh.Node(1).GrantedToGather("10.64.1.0/24", "192.0.2.0/24").With("10.249.9.1"), TestMesh.Node(2).Granted("10.64.2.0/24"), TestMesh.Node(3).Resting("10.249.9.3"));
        var settings = new NodeSettings
        {
            Announce = [IPNetwork.Parse("10.64.1.0/24"), new Announcement(IPNetwork.Parse("10.64.1.9/32")) { HoldsAddress = true, Failover = new(FailoverRole.Active, Failover.DefaultPriority) }],
            Gather = [IPNetwork.Parse("192.0.2.0/28")],
            Masquerade = [IPNetwork.Parse("10.224.0.0/16")],
            PreferredUnderlay = [IPNetwork.Parse("192.0.2.0/24")],
            Workloads = [new WorkloadNetwork("vmbr0") { Hosts = true }],
            Neighbors = [new ExternalNeighbor { Address = IPAddress.Parse("203.0.113.1"), RemoteAs = new Asn(64512) }],
        };
        return NodePlanner.Plan(map, new NodeId(1), settings, new NodeCapabilities(), new NodeHealth());
    }
}
