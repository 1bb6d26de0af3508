using Meshover.Contract.V1;

namespace Meshover.UnitTests.Cli;

internal static class StatusSamples
{
    public static AgentStatus Healthy() => new()
    {
        Hello = new Hello { Version = "0.1.0" },
        Hostname = "n1",
        NodeId = 1,
        Address4 = "10.249.0.1",
        Address6 = "fd12:3456:789a::1",
        TunnelAddress = "198.18.0.1",
        Asn = 4200000000,
        Transit = true,
        PublicKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=",
        ListenPort = 12912,
        Controller = "192.0.2.1:12913",
        ControllerState = "connected",
        StoreId = "s1",
        MapRevision = 42,
        MapAgeSeconds = 3,
        CredentialExpiresUnix = 1_800_000_000,
        Dataplane = new ComponentStatus { State = "ok", Kind = "userspace", Build = "build v4, cipher avx512" },
        Routing = new ComponentStatus { State = "ok", Kind = "frr 8.4.4" },
        Kernel = new ComponentStatus { State = "ok" },
        Announced = { "10.64.1.0/24" },
        Announcements = { new Announcement { Prefix = "10.64.1.0/24", Sources = { "configuration" }, Granted = true } },
        KernelHas = { "wireguard", "nftables" },
        KernelLacks = { "mpls" },
        AnnouncementSources = { new AnnouncementSource { Name = "configuration", Status = "1 prefix" } },
        Endpoints = { new Endpoint { Address = "2001:db8::1", Port = 12912 }, new Endpoint { Address = "192.0.2.11", Port = 12912 } },
        Neighbors = { new OutsideNeighbor { Name = "203.0.113.1", RemoteAs = 64512, BgpState = "Established", SinceSeconds = 7300, PrefixesReceived = 12, PrefixesSent = 3, BfdState = "up" } },
        Peers = { Peer("n3", 3, rttMs: -1, cost: 0), Peer("n2", 2, rttMs: 0.42, cost: 60) },
    };

    /// <summary>No controller answers, one peer goes by transit, another is out of reach, and a prefix is not granted.</summary>
    public static AgentStatus Degraded()
    {
        var status = Healthy();
        status.ControllerState = "unreachable";
        status.Controller = "";
        status.ControllerError = "connection refused";
        status.MapAgeSeconds = 7300;
        status.Announced.Clear();
        status.Announcements.Clear();
        status.AnnouncedNotGranted.Add("10.99.0.0/16");
        status.Notices.Add("The underlay carries only 1280 bytes [here]: packets are fragmented.");
        status.KeyChangeProblem = "The controller refused it.";
        status.Kernel.State = "degraded";
        status.Kernel.Errors.Add("add rule 32764: operation not permitted");
        status.Neighbors.Add(new OutsideNeighbor { Name = "eth1", RemoteAs = 64513, BgpState = "Active", SinceSeconds = -1, Error = "It does not answer at port 179." });
        status.Peers[1].BfdState = "down";
        status.Peers[1].Path = "transit";
        status.Peers[1].PathReason = "both are behind a NAT";
        status.Peers[0].Path = "none";
        status.Peers[0].PathReason = "it has IPv6 only, this node IPv4 only";
        status.Peers[0].HandshakeAgeSeconds = -1;
        status.Peers[0].Endpoint = "";
        status.Peers[0].BgpState = "Active";
        status.Peers[0].BfdState = "down";
        status.Peers[0].PrefixesReceived = 0;
        return status;
    }

    private static PeerStatus Peer(string name, uint id, double rttMs, uint cost) => new()
    {
        NodeId = id,
        Hostname = name,
        Address4 = $"10.249.0.{id}",
        Address6 = $"fd12:3456:789a::{id}",
        Asn = 4200000000 + id - 1,
        Link = $"mo-{id:x8}",
        Endpoint = $"[2001:db8::{id}]:12912",
        HandshakeAgeSeconds = 17,
        RxBytes = 1536,
        TxBytes = 3 << 20,
        RttMs = rttMs,
        LinkCost = cost,
        BfdProfile = cost > 0 ? "lan" : "",
        BgpState = "Established",
        BfdState = "up",
        PrefixesReceived = 4,
        Path = "direct",
    };
}
