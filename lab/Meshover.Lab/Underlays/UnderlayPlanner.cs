using System.Collections.Immutable;
using System.Net;

namespace Meshover.Lab.Underlays;

/// <summary>From the kind of underlay and the number of nodes to the machines and cables. Pure.</summary>
public static class UnderlayPlanner
{
    /// <summary>The machine that joins all others: a bridge, or a router.</summary>
    public const string Middle = "net";
    public const string ControllerName = "ctl";
    public const string Uplink = "eth0";

    /// <summary>A node's interface to its workload.</summary>
    public const string WorkloadInterface = "wl0";
    private const string Bridge = "br0";

    public static UnderlayPlan Plan(UnderlayKind kind, int nodes)
    {
        var machines = new List<MachinePlan>();
        var cables = new List<Cable>();
        machines.Add(kind == UnderlayKind.Routed ? new MachinePlan(Middle, Routes: true) : new MachinePlan(Middle, Bridge));
        AddController(kind, machines, cables);
        for (var node = 1; node <= nodes; node++)
        {
            AddNode(kind, node, machines, cables);
            AddWorkload(node, machines, cables);
        }
        return new UnderlayPlan { Machines = [.. machines], Cables = [.. cables] };
    }

    private static void AddController(UnderlayKind kind, List<MachinePlan> machines, List<Cable> cables)
    {
        ImmutableArray<InterfaceAddress> own = [new(AddressPlan.Controller4, 24), new(AddressPlan.Controller6, 64)];
        if (kind == UnderlayKind.Routed)
        {
            ImmutableArray<InterfaceAddress> gateways = [new("192.0.2.1", 24), new("2001:db8::1", 64)];
            AddRouted(ControllerName, own, gateways, machines, cables);
        }
        else
        {
            AddBridged(ControllerName, own, machines, cables);
        }
    }

    private static void AddNode(UnderlayKind kind, int node, List<MachinePlan> machines, List<Cable> cables)
    {
        var name = AddressPlan.NodeName(node);
        if (kind == UnderlayKind.Routed)
            AddRouted(name, [AddressPlan.RoutedNode4(node), AddressPlan.RoutedNode6(node)],
                [AddressPlan.RoutedGateway4(node), AddressPlan.RoutedGateway6(node)], machines, cables);
        else if (kind == UnderlayKind.Nat && node <= 2)
            AddBehindNat(node, machines, cables);
        else
            AddBridged(name, [AddressPlan.FlatNode4(node), AddressPlan.FlatNode6(node)], machines, cables);
    }

    private static void AddBridged(string name, ImmutableArray<InterfaceAddress> addresses, List<MachinePlan> machines, List<Cable> cables)
    {
        machines.Add(new MachinePlan(name));
        cables.Add(new Cable(new Port(name, Uplink, addresses), new Port(Middle, name, [], Bridge)));
    }

    private static void AddRouted(
        string name, ImmutableArray<InterfaceAddress> addresses, ImmutableArray<InterfaceAddress> gateways, List<MachinePlan> machines, List<Cable> cables)
    {
        machines.Add(new MachinePlan(name, Gateways: Addresses(gateways)));
        cables.Add(new Cable(new Port(name, Uplink, addresses), new Port(Middle, name, gateways)));
    }

    // The router's outer address is the one that the node itself has on a flat underlay.
    private static void AddBehindNat(int node, List<MachinePlan> machines, List<Cable> cables)
    {
        const string outside = "wan";
        var (name, router) = (AddressPlan.NodeName(node), $"nat{node}");
        var gateway = new InterfaceAddress("192.168.1.1", 24);
        machines.Add(new MachinePlan(router, Routes: true, Masquerade: outside));
        machines.Add(new MachinePlan(name, Gateways: [gateway.Address]));
        cables.Add(new Cable(new Port(router, outside, [AddressPlan.FlatNode4(node)]), new Port(Middle, router, [], Bridge)));
        cables.Add(new Cable(new Port(name, Uplink, [new InterfaceAddress("192.168.1.2", 24)]), new Port(router, "lan", [gateway])));
    }

    private static void AddWorkload(int node, List<MachinePlan> machines, List<Cable> cables)
    {
        ImmutableArray<InterfaceAddress> gateways = [new($"10.64.{node}.1", 24), new($"fd64:{node}::1", 64)];
        var name = AddressPlan.WorkloadName(node);
        machines.Add(new MachinePlan(name, Gateways: Addresses(gateways)));
        cables.Add(new Cable(
            new Port(name, Uplink, [new(AddressPlan.Workload4(node), 24), new(AddressPlan.Workload6(node), 64)]),
            new Port(AddressPlan.NodeName(node), WorkloadInterface, gateways)));
    }

    private static ImmutableArray<IPAddress> Addresses(ImmutableArray<InterfaceAddress> of) => [.. of.Select(each => each.Address)];
}
