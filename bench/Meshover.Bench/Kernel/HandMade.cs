using System.Diagnostics;
using System.Text;
using Meshover.Mesh.Planning;

namespace Meshover.Bench.Kernel;

/// <summary>
/// What the agent makes, made by hand: the same devices, peers and addresses by <c>ip -batch</c>, <c>wg syncconf</c> and
/// <c>sysctl -p</c>, in as few processes as there can be.
/// </summary>
internal sealed class HandMade(string namespaceName, string directory)
{
    /// <summary>The devices and the peers.</summary>
    public async Task<TimeSpan> MakeDevicesAsync(NodePlan plan, string privateKey, bool links = true)
    {
        var batch = await WriteAsync("devices", Devices(plan, links));
        var config = await WriteAsync("wireguard", WireGuard(plan, privateKey));
        var start = Stopwatch.GetTimestamp();
        await Programs.RunInAsync(namespaceName, "ip", "-batch", batch);
        await Programs.RunInAsync(namespaceName, "wg", "syncconf", plan.WireGuard.Interface, config);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Brings the links up with their addresses.</summary>
    public async Task<TimeSpan> AddAddressesAsync(NodePlan plan, bool links = true)
    {
        var batch = await WriteAsync("addresses", Addresses(plan, links));
        var start = Stopwatch.GetTimestamp();
        await Programs.RunInAsync(namespaceName, "ip", "-batch", batch);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>No strict filter of sources, no redirects and no router advertisements on the links.</summary>
    public async Task<TimeSpan> SetSysctlsAsync(NodePlan plan)
    {
        var file = await WriteAsync("sysctls", Sysctls(plan));
        var start = Stopwatch.GetTimestamp();
        await Programs.RunInAsync(namespaceName, "sysctl", "-q", "-p", file);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task<string> WriteAsync(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(directory, $"{namespaceName}.{name}");
        await File.WriteAllLinesAsync(path, lines, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }

    private static IEnumerable<string> Devices(NodePlan plan, bool links)
    {
        var device = plan.WireGuard.Interface;
        yield return $"link add {device} mtu {plan.WireGuard.Mtu} type wireguard";
        yield return $"link set {device} addrgenmode none";
        yield return $"link set {device} up";
        foreach (var link in links ? plan.Links : [])
        {
            yield return $"link add {link.Name} mtu {link.Mtu} type gre local {link.LocalTunnel} remote {link.RemoteTunnel} ttl 64 dev {device}";
            yield return $"link set {link.Name} alias {link.Alias} multicast on addrgenmode none";
        }
    }

    private static IEnumerable<string> WireGuard(NodePlan plan, string privateKey)
    {
        yield return $"[Interface]\nPrivateKey = {privateKey}\nListenPort = {plan.WireGuard.ListenPort}\nFwMark = {plan.WireGuard.FirewallMark}";
        foreach (var peer in plan.WireGuard.Peers)
        {
            yield return $"[Peer]\nPublicKey = {peer.PublicKey}\nAllowedIPs = {peer.TunnelAddress}/32";
            if (peer.CallsFirst)
                yield return $"Endpoint = {peer.Endpoints[0].EndPoint}";
        }
    }

    private static IEnumerable<string> Addresses(NodePlan plan, bool links)
    {
        yield return $"addr add {plan.Kernel.TunnelAddress}/32 dev {plan.WireGuard.Interface}";
        yield return $"route add {plan.Kernel.TunnelPool} dev {plan.WireGuard.Interface} src {plan.Kernel.TunnelAddress}";
        foreach (var link in links ? plan.Links : [])
        {
            yield return $"link set {link.Name} up";
            yield return $"addr add {link.LinkLocal}/64 dev {link.Name} nodad";
            yield return $"addr add {plan.Kernel.Address4}/32 dev {link.Name}";
        }
    }

    private static IEnumerable<string> Sysctls(NodePlan plan)
    {
        foreach (var link in plan.Links.Select(link => link.Name).Prepend(plan.WireGuard.Interface))
        {
            yield return $"net.ipv4.conf.{link}.rp_filter = 2\nnet.ipv4.conf.{link}.accept_redirects = 0";
            yield return $"net.ipv6.conf.{link}.accept_ra = 0\nnet.ipv6.conf.{link}.accept_redirects = 0";
        }
    }
}
