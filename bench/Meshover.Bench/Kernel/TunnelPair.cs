using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Trust;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Bench.Kernel;

/// <summary>
/// Two namespaces with a veth pair between them, 10.77.0.1 and 10.77.0.2, MTU 1500, and a tunnel over it. Each subject has a pair of its
/// own, so that none sees another's devices, routes and rules.
/// </summary>
internal sealed class TunnelPair : IDisposable
{
    private const int ClosedPort = 9;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _subject;
    private readonly string _directory;
    private readonly NodeIdentity[] _identities = [.. Enumerable.Range(1, 2).Select(end => IdentityFactory.Create($"n{end}", TimeProvider.System))];

    private TunnelPair(string subject, string directory) => (_subject, _directory) = (subject, directory);

    /// <summary>Of end 1 or 2.</summary>
    public string Namespace(int end) => $"mhbench-{Environment.ProcessId}-{_subject}-{end}";

    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static TunnelPair Lay(string subject, string directory)
    {
        var pair = new TunnelPair(subject, directory);
        try
        {
            pair.Lay();
            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    /// <summary>As the agents of two nodes would.</summary>
    /// <param name="firewall">As they do. Without: to see what it costs.</param>
    public async Task ConnectByAgentAsync(bool firewall)
    {
        for (var end = 1; end <= 2; end++)
        {
            var directory = Directory.CreateDirectory(Path.Combine(_directory, Namespace(end))).FullName;
            using var agent = new AgentEnd(Namespace(end), directory, _identities[end - 1], firewall);
            await agent.PassAsync(Plan(end, firewall));
            // The second pass sees what the first has made.
            await agent.PassAsync(Plan(end, firewall));
            AddMeshRoute(end);
        }
    }

    /// <summary>The same by hand.</summary>
    /// <param name="links">Without: WireGuard alone.</param>
    public async Task ConnectByHandAsync(bool links)
    {
        for (var end = 1; end <= 2; end++)
        {
            var (hand, plan) = (new HandMade(Namespace(end), _directory), Plan(end, firewall: false));
            await hand.MakeDevicesAsync(plan, _identities[end - 1].WireGuardPrivateKey, links);
            await hand.AddAddressesAsync(plan, links);
            if (!links)
                continue;
            await hand.SetSysctlsAsync(plan);
            AddMeshRoute(end);
        }
    }

    /// <summary>What the end's node is to be.</summary>
    public NodePlan Plan(int end, bool firewall) => SampleMesh.PlanOf(
        [.. _identities.Select((identity, index) => SampleMesh.Node((uint)index + 1, identity.WireGuardPublicKey))], (uint)end, firewall);

    /// <summary>Of an end: behind its link, or on its WireGuard device.</summary>
    public IPAddress AddressOf(int end, bool link) =>
        link ? SampleMesh.Address4((uint)end) : Plan(end, firewall: false).Kernel.TunnelAddress;

    /// <summary>Waits until the tunnel carries. The end speaks first that knows where the other is.</summary>
    public async Task WaitForAnswerAsync(bool link)
    {
        var from = Plan(1, firewall: false).WireGuard.Peers[0].CallsFirst ? 1 : 2;
        using var deadline = new CancellationTokenSource(Patience);
        using var socket = NetworkNamespace.RunIn(PathOf(from), () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(AddressOf(3 - from, link), ClosedPort), deadline.Token);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // An answer.
        }
    }

    public void Dispose()
    {
        for (var end = 1; end <= 2; end++)
            NetworkNamespace.Delete(Namespace(end));
    }

    private void Lay()
    {
        for (var end = 1; end <= 2; end++)
            NetworkNamespace.Create(Namespace(end));
        using (var first = RouteNetlink.OpenIn(PathOf(1)))
            first.CreateLink(LinkSpec.Veth("eth0", "eth0", PathOf(2)));
        for (var end = 1; end <= 2; end++)
        {
            using var netlink = RouteNetlink.OpenIn(PathOf(end));
            netlink.SetUp("lo");
            netlink.ReplaceAddress("eth0", IPAddress.Parse($"10.77.0.{end}"), 24);
            netlink.SetUp("eth0");
        }
    }

    private string PathOf(int end) => NetworkNamespace.PathOf(Namespace(end));

    // To the other node's address by the link, as BGP would set it.
    private void AddMeshRoute(int end)
    {
        using var netlink = RouteNetlink.OpenIn(PathOf(end));
        netlink.ReplaceRoute(new RouteInfo
        {
            Destination = new IPNetwork(SampleMesh.Address4((uint)(3 - end)), 32),
            OutputLink = netlink.GetLink(Plan(end, firewall: false).Links[0].Name).Index,
            PreferredSource = SampleMesh.Address4((uint)end),
            Protocol = RouteProtocols.Bgp,
        });
    }
}
