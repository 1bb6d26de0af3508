using System.Net;
using System.Security.Cryptography;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.LabTests.Kernel;

/// <summary>One end of a wire whose packets the kernel carries. Number i has the tunnel address 198.18.0.i and, on its links, 10.99.0.i and fd99::i.</summary>
internal sealed class KernelEnd : IDisposable
{
    private readonly Wire _wire;
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("meshover-kernel-end-");

    public KernelEnd(Wire wire, int number)
    {
        (_wire, Number) = (wire, number);
        var path = NetworkNamespace.PathOf(wire.Name(number));
        Netlink = RouteNetlink.OpenIn(path);
        WireGuard = WireGuardNetlink.OpenIn(path);
        Dataplane = NewDataplane();
        Secret = new WireGuardSecret(RandomNumberGenerator.GetBytes(32));
        Span<byte> key = stackalloc byte[32];
        X25519.PublicFromPrivate(Secret.Bytes, key);
        PublicKey = new WireGuardKey(key);
    }

    public int Number { get; }

    public RouteNetlink Netlink { get; }

    public WireGuardNetlink WireGuard { get; }

    public KernelDataplane Dataplane { get; private set; }

    public WireGuardSecret Secret { get; }

    public WireGuardKey PublicKey { get; }

    public IPAddress Tunnel => IPAddress.Parse($"198.18.0.{Number}");

    public static string LinkTo(int other) => $"mo-{other:x8}";

    public DataplaneConfig Config(params IEnumerable<PeerConfig> peers) => new()
    {
        Interface = "meshover0",
        PrivateKey = Secret,
        ListenPort = 12912,
        FirewallMark = 0x6d,
        Mtu = 1420,
        Peers = [.. peers],
    };

    public PeerConfig AsPeerOf(int other, bool v6 = false, bool endpoint = true) => new()
    {
        PublicKey = PublicKey,
        Endpoint = endpoint ? new IPEndPoint(Wire.Address(Number, v6), 12912) : null,
        AllowedIps = [new IPNetwork(Tunnel, 32)],
        Link = new LinkConfig
        {
            Name = LinkTo(Number),
            Alias = $"number {Number}",
            Mtu = 1396,
            LocalTunnel = IPAddress.Parse($"198.18.0.{other}"),
            RemoteTunnel = Tunnel,
        },
    };

    public async Task<IReadOnlyList<string>> ApplyAsync(DataplaneConfig config) =>
        await Dataplane.ReconcileAsync(config, await Dataplane.GetStatusAsync(default), default);

    /// <summary>As a new agent: nothing is remembered.</summary>
    public void Restart() => Dataplane = NewDataplane();

    /// <summary>What the kernel reconciler does for a node.</summary>
    public void AddressLinks(params IEnumerable<int> others)
    {
        Netlink.ReplaceAddress("meshover0", Tunnel, 15);
        foreach (var other in others)
        {
            var link = LinkTo(other);
            Netlink.SetUp(link);
            Netlink.ReplaceAddress(link, IPAddress.Parse($"10.99.0.{Number}"), 24);
            Netlink.ReplaceAddress(link, IPAddress.Parse($"fd99::{Number}"), 64);
            Netlink.ReplaceAddress(link, IPAddress.Parse($"fe80::{Number}"), 64);
        }
    }

    public Task<(int ExitCode, string Output)> PingAsync(params string[] arguments) => _wire.TryRunAsync(Number, ["ping", "-n", .. arguments]);

    public async Task<PeerStatus> StatusOfAsync(KernelEnd other) =>
        (await Dataplane.GetStatusAsync(default)).Peers.Single(peer => peer.PublicKey == other.PublicKey);

    public void Dispose()
    {
        WireGuard.Dispose();
        Netlink.Dispose();
        _state.Delete(recursive: true);
    }

    private KernelDataplane NewDataplane() => new(
        Netlink, WireGuard, SysctlMemory.In(_state.FullName, new KernelSysctls(NetworkNamespace.PathOf(_wire.Name(Number)))), TimeProvider.System);
}
