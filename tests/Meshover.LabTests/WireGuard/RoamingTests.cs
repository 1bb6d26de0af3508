using System.Net;

namespace Meshover.LabTests.WireGuard;

/// <summary>Where a peer is, its authentic packets alone say.</summary>
public sealed class RoamingTests
{
    [Fact]
    public async Task Roaming_ReplayedAndForgedPacketsFromElsewhere_MoveNobody()
    {
        await using var wire = await Wire.CreateAsync(3);
        await using var first = new EngineHost(wire, 1);
        await using var second = new EngineHost(wire, 2);
        await using var relay = new Relay(wire, 3, new IPEndPoint(Wire.Address(1), 12912), new IPEndPoint(Wire.Address(2), 12912));
        await first.ApplyAsync(first.Config(second.AsPeerOf(1, link: false) with { Endpoint = relay.EndPoint }));
        await second.ApplyAsync(second.Config(first.AsPeerOf(2, link: false, endpoint: false)));
        await wire.WaitForPingAsync(1, EngineHost.Tunnel(2), TimeSpan.FromSeconds(10));
        Assert.Equal(relay.EndPoint, (await second.PeerAsync()).Endpoint);
        var before = (await second.PeerAsync()).RxBytes;

        var captured = relay.ToSecond.ToArray();
        Assert.Contains(captured, datagram => datagram[0] == 1);
        Assert.Contains(captured, datagram => datagram[0] == 4);
        foreach (var datagram in captured)
        {
            relay.SendFromElsewhere(datagram);
            relay.SendFromElsewhere(Damaged(datagram));
        }
        await wire.WaitForPingAsync(2, EngineHost.Tunnel(1), TimeSpan.FromSeconds(10)); // handled after all those

        var status = await second.Client.GetStatusAsync();
        Assert.Equal(relay.EndPoint, status.Peers[0].Endpoint);
        Assert.InRange(status.Peers[0].RxBytes - before, 1, 5_000);
        Assert.True(status.Drops.GetValueOrDefault("Replayed") > 0, "no replay was counted");
        Assert.True(status.Drops.GetValueOrDefault("NotAuthentic") > 0, "no forgery was counted");
    }

    // The newest counter of all, and a wrong tag.
    private static byte[] Damaged(byte[] datagram)
    {
        byte[] damaged = [.. datagram];
        damaged[^1] ^= 1;
        if (datagram[0] == 4)
            damaged[14] = 1;
        return damaged;
    }
}
