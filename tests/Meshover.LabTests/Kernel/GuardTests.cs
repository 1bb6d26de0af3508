using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.LabTests.Mesh;
using Meshover.LabTests.WireGuard;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Nftables;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// What the firewall's guard is for. Node 1 has a link to node 2; number 3 stands on the underlay and is nobody's peer.
/// </summary>
public sealed class GuardTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(2);
    private Wire _wire = null!;
    private KernelEnd _node = null!;
    private KernelEnd _peer = null!;
    private Nft _nft = null!;

    public async ValueTask InitializeAsync()
    {
        _wire = await Wire.CreateAsync(3);
        (_node, _peer) = (new KernelEnd(_wire, 1), new KernelEnd(_wire, 2));
        _nft = new Nft(NetworkNamespace.PathOf(_wire.Name(1)));
        await _peer.ApplyAsync(_peer.Config(_node.AsPeerOf(2)));
        _peer.AddressLinks(1);
        await _node.ApplyAsync(_node.Config(_peer.AsPeerOf(1)));
        _node.AddressLinks(2);
        await _wire.WaitForPingAsync(1, "10.99.0.2", Patience);
        await _wire.IpAsync(3, "route", "add", "198.18.0.1", "via", "10.77.0.1");
    }

    public async ValueTask DisposeAsync()
    {
        _node.Dispose();
        _peer.Dispose();
        await _wire.DisposeAsync();
    }

    [Fact]
    public async Task ForgedGre_WithoutAndWithTheGuard_IsDeliveredThenDroppedAndCounted()
    {
        using var victim = _wire.NewSocket(1, AddressFamily.InterNetwork, SocketType.Dgram);
        victim.Bind(new IPEndPoint(IPAddress.Parse("10.99.0.1"), 0));
        var target = (IPEndPoint)victim.LocalEndPoint!;
        Assert.True(await IsDeliveredAsync(victim, target), "without a guard the kernel takes it: else this test tests nothing");

        await SetGuardAsync();

        Assert.False(await IsDeliveredAsync(victim, target));
        Assert.Equal(1, await CountAsync("forged"));
        Assert.Equal(0, await _wire.CountLostAsync(1, "10.99.0.2", 3, "0.2"));
        Assert.Equal(0, await CountAsync("leaked"));
    }

    [Theory]
    [InlineData("198.18.0.2", "10.77.0.1")]
    [InlineData("10.77.0.3", "198.18.0.1")]
    public async Task OneTunnelAddress_FromTheUnderlay_IsCounted(string source, string destination)
    {
        await SetGuardAsync();

        ForgedPacket.Send(_wire, 3, (IPAddress.Parse(source), IPAddress.Parse(destination)), (IPAddress.Parse("10.99.0.2"), new IPEndPoint(IPAddress.Parse("10.99.0.1"), 9)));

        await Until.NothingIsMissingAsync("it is counted", Patience, async () => await CountAsync("forged") == 1 ? null : "not yet", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task TunnelAddress_DeviceGone_LeavesByNoOtherInterface()
    {
        await SetGuardAsync();
        await _wire.IpAsync(1, "route", "add", "default", "via", "10.77.0.3");
        _node.Netlink.DeleteLink("meshover0");

        var (exit, _) = await _node.PingAsync("-c", "2", "-W", "1", "198.18.0.2");

        Assert.NotEqual(0, exit);
        Assert.InRange(await CountAsync("leaked"), 1, 2);
    }

    [Fact]
    public async Task Guard_SetAgain_IsReplacedWholeAndCountsOn()
    {
        await SetGuardAsync();
        using var victim = _wire.NewSocket(1, AddressFamily.InterNetwork, SocketType.Dgram);
        victim.Bind(new IPEndPoint(IPAddress.Parse("10.99.0.1"), 0));
        Assert.False(await IsDeliveredAsync(victim, (IPEndPoint)victim.LocalEndPoint!));
        var (former, once) = await StandingAsync();
        await SetGuardAsync();
        var (table, twice) = await StandingAsync();

        Assert.NotEqual(former, table);
        Assert.Contains("rule", once);
        Assert.Equal(once, twice);
        Assert.Equal(1, await CountAsync("forged"));
    }

    /// <summary>The table's handle, which another table does not have, and the kinds of what stands in it.</summary>
    private async Task<(long Table, List<string> Kinds)> StandingAsync()
    {
        using var listed = await _nft.ListTableAsync("inet", "meshover", default);
        var items = listed!.RootElement.GetProperty("nftables").EnumerateArray().SelectMany(item => item.EnumerateObject()).ToList();
        return (items.Single(item => item.Name == "table").Value.GetProperty("handle").GetInt64(), [.. items.Select(item => item.Name)]);
    }

    private async Task<bool> IsDeliveredAsync(Socket victim, IPEndPoint target)
    {
        ForgedPacket.Send(_wire, 3, (IPAddress.Parse("198.18.0.2"), IPAddress.Parse("198.18.0.1")), (IPAddress.Parse("10.99.0.2"), target));
        using var deadline = new CancellationTokenSource(LongEnough, TimeProvider.System);
        try
        {
            return await victim.ReceiveAsync(new byte[8], deadline.Token) == 1;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private Task SetGuardAsync() =>
        new Firewall(_nft, generation: null).SetAsync(FirewallDocument.Of("meshover0", IPNetwork.Parse("198.18.0.0/15")), default);

    private async Task<long> CountAsync(string counter)
    {
        using var table = await _nft.ListTableAsync("inet", "meshover", default);
        return table!.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("counter", out var one) && one.GetProperty("name").ValueEquals(counter))
            .Select(item => item.GetProperty("counter").GetProperty("packets").GetInt64())
            .Single();
    }
}
