using System.Net;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Netlink;
using Meshover.WireGuard.Control;

namespace Meshover.LabTests.Kernel;

/// <summary>The agent's kernel data plane between two namespaces. Under TCG everything takes its time: deadlines are generous.</summary>
public sealed class KernelDataplaneTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private Wire _wire = null!;
    private KernelEnd _a = null!;
    private KernelEnd _b = null!;

    public async ValueTask InitializeAsync()
    {
        _wire = await Wire.CreateAsync(2);
        (_a, _b) = (new KernelEnd(_wire, 1), new KernelEnd(_wire, 2));
    }

    public async ValueTask DisposeAsync()
    {
        _a.Dispose();
        _b.Dispose();
        await _wire.DisposeAsync();
    }

    [Fact]
    public async Task Reconcile_TwoNodes_CarriesFullSizePacketsOverTheLink()
    {
        await ConnectAsync();

        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
        await _wire.WaitForPingAsync(2, "fd99::1", Patience);
        var (exit, output) = await _a.PingAsync("-c", "2", "-M", "do", "-s", "1368", "10.99.0.2");
        Assert.True(exit == 0, output);
        (exit, output) = await _a.PingAsync("-c", "1", "-M", "do", "-s", "1369", "10.99.0.2");
        Assert.True(exit != 0 && output.Contains("mtu=1396", StringComparison.Ordinal), output);
        await Traffic.TcpAsync(_wire, 1, 2, IPAddress.Parse("10.99.0.2"), 1_000_000, seed: 1);
        await Traffic.TcpAsync(_wire, 2, 1, IPAddress.Parse("fd99::1"), 1_000_000, seed: 2);
    }

    [Fact]
    public async Task Status_AfterPackets_TellsHandshakeBytesEndpointAndLink()
    {
        await ConnectAsync();
        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);

        var status = await _a.StatusOfAsync(_b);

        Assert.InRange(status.LastHandshakeAgeMs, 0, 60_000);
        Assert.InRange(status.LastReceiveAgeMs, 0, 60_000);
        Assert.True(status is { RxBytes: > 0, TxBytes: > 0 }, status.ToString());
        Assert.Equal((new IPEndPoint(Wire.Address(2), 12912), KernelEnd.LinkTo(2)), (status.Endpoint, status.LinkName));
        _a.Restart();
        Assert.Equal(KernelEnd.LinkTo(2), (await _a.StatusOfAsync(_b)).LinkName);
        // The called side has learned where the caller is.
        Assert.Equal(new IPEndPoint(Wire.Address(1), 12912), (await _b.StatusOfAsync(_a)).Endpoint);
    }

    [Fact]
    public async Task Reconcile_AgainAndByANewAgent_ChangesNothingAndKeepsTheSession()
    {
        await ConnectAsync();
        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
        var index = _a.Netlink.GetLink(KernelEnd.LinkTo(2)).Index;
        var before = await _a.StatusOfAsync(_b);

        Assert.Empty(await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1))));
        _a.Restart();
        Assert.Empty(await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1))));

        Assert.Equal(index, _a.Netlink.GetLink(KernelEnd.LinkTo(2)).Index);
        var after = await _a.StatusOfAsync(_b);
        Assert.True(after.RxBytes >= before.RxBytes && after.LastHandshakeAgeMs >= before.LastHandshakeAgeMs, after.ToString());
    }

    [Fact]
    public async Task Reconcile_PeerComesAndGoes_DoesNotDisturbTheOther()
    {
        await ConnectAsync();
        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
        var before = await _a.StatusOfAsync(_b);
        using var stranger = new KernelEnd(_wire, 2);
        var third = stranger.AsPeerOf(1) with { AllowedIps = [IPNetwork.Parse("198.18.0.3/32")] };
        third = third with { Link = third.Link! with { Name = KernelEnd.LinkTo(3), RemoteTunnel = IPAddress.Parse("198.18.0.3") } };

        await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1), third));
        Assert.Equal("gre", _a.Netlink.GetLink(KernelEnd.LinkTo(3)).Kind);
        await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1)));

        Assert.Null(_a.Netlink.FindLink(KernelEnd.LinkTo(3)));
        var after = await _a.StatusOfAsync(_b);
        Assert.True(after.LastHandshakeAgeMs >= before.LastHandshakeAgeMs, $"{before} then {after}: another handshake");
        Assert.Equal(0, await _wire.CountLostAsync(1, "10.99.0.2", 5, "0.2"));
    }

    [Fact]
    public async Task SetEndpoint_PeerThatWasNeverCalled_ShakesHands()
    {
        await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1, endpoint: false)));
        await _b.ApplyAsync(_b.Config(_a.AsPeerOf(2, endpoint: false)));
        Assert.Equal(-1, (await _a.StatusOfAsync(_b)).LastHandshakeAgeMs);

        await _a.Dataplane.SetEndpointAsync(_b.PublicKey, new IPEndPoint(Wire.Address(2, v6: true), 12912), default);

        await Until.TrueAsync("both have shaken hands", Patience, async () =>
            (await _a.StatusOfAsync(_b)).LastHandshakeAgeMs >= 0 && (await _b.StatusOfAsync(_a)).LastReceiveAgeMs >= 0);
        Assert.Equal(0, _a.WireGuard.FindDevice("meshover0")!.Peers[0].PersistentKeepalive);
    }

    [Fact]
    public async Task Reconcile_SomebodyChangedEverythingByHand_IsPutRightInPlace()
    {
        await ConnectAsync();
        var link = _a.Netlink.GetLink(KernelEnd.LinkTo(2));
        var device = _a.WireGuard.FindDevice("meshover0")!;
        await _wire.RunAsync(1, "wg", "set", "meshover0", "fwmark", "7", "peer", _b.PublicKey.ToString(), "allowed-ips", "192.0.2.0/24", "persistent-keepalive", "9");
        await _wire.IpAsync(1, "link", "set", KernelEnd.LinkTo(2), "type", "gre", "local", "198.18.0.9", "remote", "198.18.0.8", "ttl", "3");
        await _wire.IpAsync(1, "link", "set", KernelEnd.LinkTo(2), "alias", "mine", "multicast", "off");

        Assert.Equal(2, (await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1)))).Count);

        Assert.Empty(await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1))));
        var after = _a.Netlink.GetLink(KernelEnd.LinkTo(2));
        Assert.Equal((link.Index, link.Gre, link.Alias, link.Mtu, link.Flags), (after.Index, after.Gre, after.Alias, after.Mtu, after.Flags));
        var now = _a.WireGuard.FindDevice("meshover0")!;
        Assert.Equal((device.FirewallMark, device.Peers[0].PersistentKeepalive), (now.FirewallMark, now.Peers[0].PersistentKeepalive));
        Assert.Equal(device.Peers[0].AllowedIps, now.Peers[0].AllowedIps);
        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
    }

    [Fact]
    public async Task Reconcile_DeviceDeletedByHand_IsMadeAgainAndLinksFollowIt()
    {
        await ConnectAsync();
        _a.Netlink.DeleteLink("meshover0");

        await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1)));

        _a.AddressLinks(2);
        Assert.Equal(_a.Netlink.GetLink("meshover0").Index, _a.Netlink.GetLink(KernelEnd.LinkTo(2)).Gre!.LowerIndex);
        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
    }

    [Fact]
    public async Task Reconcile_PortInUse_SaysWhatToDo()
    {
        using var other = _wire.NewSocket(1, System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram);
        other.Bind(new IPEndPoint(IPAddress.Any, 12912));

        var error = await Assert.ThrowsAsync<DataplaneException>(() => _a.ApplyAsync(_a.Config(_b.AsPeerOf(1))));

        Assert.Contains("choose another listen-port", error.Message, StringComparison.Ordinal);
        other.Close();
        await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1)));
        Assert.True(_a.Netlink.GetLink("meshover0").IsUp);
    }

    [Fact]
    public async Task Release_AfterAll_LeavesNothing()
    {
        await ConnectAsync();

        Assert.True(await _a.Dataplane.ReleaseAsync(_a.Netlink.GetLinks(), default));

        Assert.DoesNotContain(_a.Netlink.GetLinks(), link => link.Name.StartsWith("mo-", StringComparison.Ordinal) || link.Name == "meshover0");
        Assert.False(await _a.Dataplane.ReleaseAsync(_a.Netlink.GetLinks(), default));
        Assert.Null((await _a.Dataplane.GetStatusAsync(default)).Interface);
    }

    [Fact]
    public async Task KernelAndEngine_InOneMesh_UnderstandEachOther()
    {
        await using var engine = new EngineHost(_wire, 2);
        await engine.ApplyAsync(engine.Config(_a.AsPeerOf(2)));
        await _a.ApplyAsync(_a.Config(engine.AsPeerOf(1) with { AllowedIps = [IPNetwork.Parse("198.18.0.2/32")] }));
        _a.AddressLinks(2);
        _b.AddressLinks(1);

        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
        await _wire.WaitForPingAsync(2, "fd99::1", Patience);
        foreach (var (from, to) in ((int, int)[])[(1, 2), (2, 1)])
        {
            var (exit, output) = await _wire.TryRunAsync(from, "ping", "-n", "-c", "2", "-M", "do", "-s", "1368", $"10.99.0.{to}");
            Assert.True(exit == 0, output);
            await Traffic.TcpAsync(_wire, from, to, IPAddress.Parse($"10.99.0.{to}"), 200_000, seed: from);
            await Traffic.TcpAsync(_wire, from, to, IPAddress.Parse($"fd99::{to}"), 200_000, seed: from + 10);
            await Traffic.UdpAsync(_wire, from, to, IPAddress.Parse($"fd99::{to}"), trains: 20, seed: from + 20);
        }
    }

    // The first calls, the second waits to be called.
    private async Task ConnectAsync()
    {
        await _b.ApplyAsync(_b.Config(_a.AsPeerOf(2, endpoint: false)));
        _b.AddressLinks(1);
        await _a.ApplyAsync(_a.Config(_b.AsPeerOf(1)));
        _a.AddressLinks(2);
    }
}
