using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;

namespace Meshover.Lab.Underlays;

/// <summary>Makes what the plan says: machines first, all at once, then cables, then what is set on each machine.</summary>
internal sealed class UnderlayBuilder(MachineRoom room)
{
    public async Task<IReadOnlyDictionary<string, Machine>> BuildAsync(UnderlayPlan plan, CancellationToken ct)
    {
        var made = await Task.WhenAll(plan.Machines.Select(machine => Task.Run(() => room.CreateAsync(machine.Name), ct)));
        var machines = made.ToDictionary(machine => machine.Name);
        foreach (var machine in plan.Machines) Prepare(machine, machines[machine.Name]);
        foreach (var cable in plan.Cables) Lay(cable, machines);
        Parallel.ForEach(plan.Machines, machine => Configure(machine, PortsOf(plan, machine.Name), machines[machine.Name]));
        foreach (var machine in plan.Machines)
            if (machine.Masquerade is { } outside)
                await new Nft(machines[machine.Name].NetworkPath).ApplyAsync(NatRules.Masquerade(outside), $"NAT of {machine.Name}", ct);
        return machines;
    }

    private static IEnumerable<Port> PortsOf(UnderlayPlan plan, string machine) =>
        plan.Cables.SelectMany(cable => (Port[])[cable.A, cable.B]).Where(port => port.Machine == machine);

    private static void Prepare(MachinePlan plan, Machine machine)
    {
        using var netlink = RouteNetlink.OpenIn(machine.NetworkPath);
        netlink.SetUp("lo");
        if (plan.Bridge is not { } bridge) return;
        netlink.CreateLink(LinkSpec.Bridge(bridge));
        netlink.SetUp(bridge);
    }

    private static void Lay(Cable cable, Dictionary<string, Machine> machines)
    {
        using var netlink = RouteNetlink.OpenIn(machines[cable.A.Machine].NetworkPath);
        netlink.CreateLink(LinkSpec.Veth(cable.A.Interface, cable.B.Interface, machines[cable.B.Machine].NetworkPath));
    }

    private static void Configure(MachinePlan plan, IEnumerable<Port> ports, Machine machine)
    {
        machine.InNetwork(() => SetSysctls(plan, ports));
        using var netlink = RouteNetlink.OpenIn(machine.NetworkPath);
        foreach (var port in ports) Configure(netlink, port);
        foreach (var gateway in plan.Gateways.IsDefault ? [] : plan.Gateways)
            netlink.ReplaceRoute(new RouteInfo { Destination = Everything(gateway), Gateway = gateway, Protocol = RouteProtocols.Static });
    }

    private static void Configure(RouteNetlink netlink, Port port)
    {
        if (port.Bridge is { } bridge) netlink.SetLink(port.Interface, new LinkChange { Master = bridge });
        netlink.SetUp(port.Interface);
        foreach (var address in port.Addresses) netlink.ReplaceAddress(port.Interface, address.Address, address.PrefixLength);
    }

    // Duplicate address detection would keep the links silent for their first two seconds.
    private static int SetSysctls(MachinePlan plan, IEnumerable<Port> ports)
    {
        foreach (var port in ports) SysctlFile.Write(SysctlFile.InterfaceKey("ipv6", port.Interface, "accept_dad"), "0");
        if (!plan.Routes) return 0;
        SysctlFile.Write("net.ipv4.ip_forward", "1");
        SysctlFile.Write("net.ipv6.conf.all.forwarding", "1");
        return 0;
    }

    private static IPNetwork Everything(IPAddress gateway) =>
        gateway.AddressFamily == AddressFamily.InterNetwork ? new IPNetwork(IPAddress.Any, 0) : new IPNetwork(IPAddress.IPv6Any, 0);
}
