using Meshover.Lab.Meshes;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// A virtual machine as a hypervisor makes one: it has addresses and a MAC address of its own, is plugged into a bridge of a node, and may be plugged into
/// that of another. It announces itself when its interface comes up (gratuitous ARP, unsolicited NA), as a hypervisor does for one that moved.
/// </summary>
internal sealed class TestVm : IDisposable
{
    private const string Gateway4 = "10.70.0.1", Gateway6 = "fd70::1", GatewayMac = "02:00:00:00:70:01";
    private static int _count;
    private readonly int _number = Interlocked.Increment(ref _count);
    private readonly string _name;
    private readonly string _mac;
    private LabNode? _at;
    private string _port = "";
    private int _plugs;

    public TestVm(int host)
    {
        _name = $"t-vm-{Environment.ProcessId}-{_number}";
        (Address4, Address6, _mac) = ($"10.70.0.{host}", $"fd70::{host}", $"02:00:00:00:{_number:x2}:{host:x2}");
        NetworkNamespace.Create(_name);
    }

    public string Address4 { get; }
    public string Address6 { get; }
    public string[] Prefixes => [$"{Address4}/32", $"{Address6}/128"];

    private string Inside => $"eth{_plugs % 2}";

    /// <summary>The bridge that it can be plugged into: with the gateway's addresses, and its MAC address on every node.</summary>
    public static Task AddBridgeAsync(LabNode node, CancellationToken ct) => node.IpBatchAsync([$"link add vmbr0 address {GatewayMac} type bridge", "link set vmbr0 up",
        $"address add {Gateway4}/16 dev vmbr0", $"address add {Gateway6}/64 dev vmbr0 nodad"], ct);

    /// <summary>Plugs it in there, and out where it was: like one that was migrated while it ran, it is without a network for a moment.</summary>
    public async Task PlugAsync(LabNode node)
    {
        var former = _port;
        _port = $"vm{_number}-{++_plugs % 2}";
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        netlink.CreateLink(LinkSpec.Veth(_port, Inside, NetworkNamespace.PathOf(_name)));
        netlink.SetLink(_port, new LinkChange { Master = "vmbr0" });
        netlink.SetUp(_port);
        var from = _at;
        _at = node;
        await RunAsync($"sysctl -qw net.ipv4.conf.{Inside}.arp_notify=1 net.ipv6.conf.{Inside}.ndisc_notify=1; ip link set lo up; ip link set {Inside} address {_mac}");
        Remove(from, former);
        // What the kernel says when the interface comes up is lost, as the bridge does not listen yet; it says it again when the address is set.
        await RunAsync($"ip -batch - <<'END'\naddress add {Address4}/16 dev {Inside}\naddress add {Address6}/64 dev {Inside} nodad\nlink set {Inside} up\n"
            + $"route replace default via {Gateway4}\nroute replace default via {Gateway6}\nEND\nsleep 0.05\nip link set {Inside} address {_mac}");
    }

    public void Unplug()
    {
        Remove(_at, _port);
        _at = null;
    }

    private static void Remove(LabNode? node, string port)
    {
        if (node is null) return;
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        netlink.DeleteLink(port);
    }

    /// <summary>It is there, and deaf: nobody is told.</summary>
    public Task FreezeAsync() => RunAsync($"ip address flush dev {Inside}; ip -6 address flush dev {Inside}");

    public Task<string> RunAsync(string script) => Shell.RunAsync("ip", "netns", "exec", _name, "bash", "-ec", script);

    public void Dispose()
    {
        Unplug();
        NetworkNamespace.Delete(_name);
    }
}
