using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.UnitTests.Agent.Endpoints;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class KernelDataplaneTests
{
    [Fact]
    public async Task Reconcile_AnotherKeyOfADeviceThatIsUp_GoesInOneMessageWithTheCallsToThePeers()
    {
        var machine = new FakeMachine();
        machine.Add("meshover0", "wireguard", LinkFlags.None);
        var device = new FakeDevice
        {
            Info = new WireGuardDeviceInfo
            {
                LinkIndex = 1,
                Name = "meshover0",
                PrivateKey = new CurveSecret([.. Enumerable.Repeat((byte)0x40, 32)]),
                ListenPort = 12912,
                Peers = [new WireGuardPeerInfo { PublicKey = new CurveKey(Peer.Bytes), Endpoint = new(System.Net.IPAddress.Loopback, 1) }],
            },
        };
        var dataplane = new KernelDataplane(machine, device, SysctlMemory.In("/nowhere", new KernelSysctls()), TimeProvider.System);

        await dataplane.ReconcileAsync(
            new DataplaneConfig
            {
                Interface = "meshover0",
                PrivateKey = new WireGuardSecret([.. Enumerable.Repeat((byte)0x48, 32)]),
                ListenPort = 12912,
                Mtu = 1420,
                Peers = [new PeerConfig { PublicKey = Peer }],
            },
            new DataplaneStatus { Version = "kernel" },
            TestContext.Current.CancellationToken);

        var change = Assert.Single(device.Changes);
        Assert.NotNull(change.PrivateKey);
        Assert.Contains(change.Peers, peer => peer.Endpoint is not null);
    }

    private static WireGuardKey Peer { get; } = new([.. Enumerable.Repeat((byte)2, 32)]);

    private sealed class FakeDevice : IWireGuardNetlink
    {
        public required WireGuardDeviceInfo Info { get; init; }

        public List<WireGuardDeviceChange> Changes { get; } = [];

        public WireGuardDeviceInfo? FindDevice(string name) => name == Info.Name ? Info : null;

        public void ChangeDevice(string name, WireGuardDeviceChange change) => Changes.Add(change);

        public void Dispose()
        {
        }
    }
}
