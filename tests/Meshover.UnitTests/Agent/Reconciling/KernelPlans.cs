using System.Net;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Agent.Reconciling;

/// <summary>Plans for the kernel, of unit tests and of those on a real one.</summary>
internal static class KernelPlans
{
    /// <summary>To node 2.</summary>
    public const string Link = "mo-00000002";

    /// <summary>Node 1, with one link to node 2, which is called at the endpoints.</summary>
    public static NodePlan OneLink(params string[] endpoints) => new()
    {
        Self = new NodeId(1),
        WireGuard = new WireGuardPlan
        {
            Interface = "meshover0",
            ListenPort = 12912,
            FirewallMark = 0x6d,
            Mtu = 1420,
            Peers =
            [
                new WireGuardPeerPlan
                {
                    Node = new NodeId(2),
                    PublicKey = new WireGuardPublicKey(new byte[32]),
                    TunnelAddress = IPAddress.Parse("198.18.0.2"),
                    Endpoints = [.. endpoints.Select(text => new EndpointCandidate(IPEndPoint.Parse(text), EndpointSource.Interface))],
                    PersistentKeepalive = 0,
                },
            ],
        },
        Links =
        [
            new LinkPlan
            {
                Peer = new NodeId(2), Name = Link, Alias = "n2", Mtu = 1396,
                LocalTunnel = IPAddress.Parse("198.18.0.1"), RemoteTunnel = IPAddress.Parse("198.18.0.2"), LinkLocal = new NodeId(1).LinkLocal,
            },
        ],
        Kernel = new KernelPlan
        {
            Address4 = IPAddress.Parse("10.249.0.1"),
            Address6 = IPAddress.Parse("fd00::1"),
            LoopbackInterface = "meshover-lo",
            TunnelAddress = IPAddress.Parse("198.18.0.1"),
            TunnelPool = IPNetwork.Parse("198.18.0.0/15"),
            Unreachable = [IPNetwork.Parse("10.249.0.0/16"), IPNetwork.Parse("fd00::/48")],
            FirewallMark = 0x6d,
            FirewallMask = 0xff,
            UnderlayTable = 7401,
            RouteProtocol = 112,
            Forwarding = true,
            Firewall = true,
        },
        Routing = null,
    };
}
