using System.Globalization;
using System.Text;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Mesh;

/// <summary>A plan as text, one thing a line, for golden files that read as the resulting state.</summary>
internal static class PlanText
{
    public static string Of(NodePlan plan)
    {
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');

        Line($"node {plan.Self}");
        Line("");
        Line($"wireguard {plan.WireGuard.Interface} port {plan.WireGuard.ListenPort} mark 0x{plan.WireGuard.FirewallMark:x} mtu {plan.WireGuard.Mtu}");
        foreach (var peer in plan.WireGuard.Peers)
        {
            Line($"  peer {peer.Node} tunnel {peer.TunnelAddress} keepalive {peer.PersistentKeepalive}{(peer.CallsFirst ? " calls-first" : "")}");
            foreach (var endpoint in peer.Endpoints)
                Line($"    at {endpoint.EndPoint} ({endpoint.Source})");
        }
        foreach (var link in plan.Links)
            Line($"link {link.Name} \"{link.Alias}\" mtu {link.Mtu} {link.LocalTunnel} -> {link.RemoteTunnel} address {link.LinkLocal}/64");
        Line("");
        AddKernel(plan.Kernel, Line);
        if (plan.Routing is { } routing)
            AddRouting(routing, Line);
        foreach (var warning in plan.Warnings)
            Line($"warning: {warning}");
        return text.ToString();
    }

    private static void AddKernel(KernelPlan kernel, Action<string> line)
    {
        line($"{kernel.LoopbackInterface} {kernel.Address4} {kernel.Address6}");
        line($"tunnel {kernel.TunnelAddress} of {kernel.TunnelPool}");
        foreach (var prefix in kernel.Unreachable)
            line($"unreachable {prefix}");
        line($"mark 0x{kernel.FirewallMark:x}/0x{kernel.FirewallMask:x} table {kernel.UnderlayTable} protocol {kernel.RouteProtocol}"
            + $"{(kernel.Forwarding ? " forwarding" : "")}{(kernel.Firewall ? " firewall" : "")}");
        line("");
    }

    private static void AddRouting(RoutingModel routing, Action<string> line)
    {
        line(string.Create(CultureInfo.InvariantCulture, $"bgp {routing.Asn} id {routing.RouterId} \"{routing.HostName}\" port {routing.BgpPort}"
            + $"{(routing.IsTransit ? " transit" : "")} hops {routing.MaxMeshHops} bfd {routing.Bfd.Wan.IntervalMs} ms x {routing.Bfd.Wan.Multiplier}"));
        line($"  source {routing.Source4} {routing.Source6} pools {routing.Pool4} {routing.Pool6} never {routing.TunnelPool}");
        foreach (var network in routing.Networks)
            line($"  network {network.Prefix}");
        foreach (var grant in routing.Grants)
            line($"  grant {grant.Grant.Prefix} le {grant.Grant.MaxLength} to {grant.Origin}");
        foreach (var neighbor in routing.Neighbors)
        {
            line($"  neighbor {neighbor.Node} \"{neighbor.HostName}\" {neighbor.Interface} as {neighbor.Asn} cost {neighbor.Cost}{(neighbor.IsTransit ? " transit" : "")}");
            foreach (var grant in neighbor.MayOriginate)
                line($"    may {grant.Prefix} le {grant.MaxLength}");
        }
    }
}
