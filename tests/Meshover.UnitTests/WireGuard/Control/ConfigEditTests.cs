using Meshover.WireGuard.Control;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class ConfigEditTests
{
    [Fact]
    public void Update_PresentNewAndRemovedPeers_KeepsTheOrderAndAppends()
    {
        var changed = Configs.Peer(2) with { PersistentKeepalive = 25 };

        var before = Configs.With(Configs.Peer(1), Configs.Peer(2), Configs.Peer(3));
        var config = ConfigEdit.Update(before, [Configs.Peer(4), changed], [Configs.Key(1)]);

        Assert.Equal([2, 3, 4], config.Peers.Select(peer => (int)peer.PublicKey.Bytes[0]));
        Assert.Equal(25, config.Peers[0].PersistentKeepalive);
    }

    [Fact]
    public void Update_PeerNamedTwice_TheLastCounts()
    {
        var config = ConfigEdit.Update(Configs.Plain, [Configs.Peer(1), Configs.Peer(1) with { PersistentKeepalive = 9 }], []);
        Assert.Equal(9, Assert.Single(config.Peers).PersistentKeepalive);
    }

    [Fact]
    public void Update_RemovalOfAStranger_ChangesNothing()
    {
        var before = Configs.With(Configs.Peer(1));
        Assert.Equal(before.Peers, ConfigEdit.Update(before, [], [Configs.Key(9)]).Peers);
    }
}
