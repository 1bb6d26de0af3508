using System.Collections.Immutable;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Trust;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class KernelKeyWavesTests
{
    private static readonly WireGuardSecret SecretA = Secret(1);
    private static readonly WireGuardSecret SecretB = Secret(2);

    [Fact]
    public void Before_NoPeerChangesItsKey_IsNothing()
    {
        Assert.Empty(KernelKeyWaves.Before(Config(SecretA, Peer(Public(SecretB), former: null)), Status(Public(SecretB))));
        Assert.Empty(KernelKeyWaves.Before(Config(SecretA, Peer(Public(SecretB), former: Key(9))), Status(Public(SecretB))));
        Assert.Empty(KernelKeyWaves.Before(Config(SecretA, Peer(Public(SecretB), former: Key(9))), Status()));
    }

    [Fact]
    public void Before_APeerChangesItsKey_IsKnownByTheFormerAtFirst()
    {
        var config = Config(SecretA, Peer(Public(SecretB), former: Key(9)), Peer(Key(3), former: null));

        var first = KernelKeyWaves.Before(config, Status(Key(9), Key(3))).First();

        Assert.Equal([Key(9), Key(3)], first.Peers.Select(peer => peer.PublicKey));
    }

    [Fact]
    public void Before_BothEndsChangeTheirKeys_OneOfThemTakesTheOthersSooner()
    {
        var a = KernelKeyWaves.Before(Config(SecretA, Peer(Public(SecretB), former: Key(9))), Status(Key(9))).Last();
        var b = KernelKeyWaves.Before(Config(SecretB, Peer(Public(SecretA), former: Key(8))), Status(Key(8))).Last();

        var hasTaken = (A: a.Peers[0].PublicKey == Public(SecretB), B: b.Peers[0].PublicKey == Public(SecretA));
        Assert.True(hasTaken.A ^ hasTaken.B, hasTaken.ToString());
    }

    private static WireGuardSecret Secret(byte seed) => new([.. Enumerable.Repeat(seed, 32)]);

    private static WireGuardKey Public(WireGuardSecret secret) => new(WireGuardKeys.PublicOf(Convert.ToBase64String(secret.Bytes)).Bytes);

    private static WireGuardKey Key(byte seed) => new([.. Enumerable.Repeat(seed, 32)]);

    private static PeerConfig Peer(WireGuardKey key, WireGuardKey? former) => new() { PublicKey = key, OtherPublicKey = former };

    private static DataplaneConfig Config(WireGuardSecret key, params ImmutableArray<PeerConfig> peers) =>
        new() { Interface = "meshover0", PrivateKey = key, ListenPort = 12912, Mtu = 1420, Peers = peers };

    private static DataplaneStatus Status(params ImmutableArray<WireGuardKey> peers) => new()
    {
        Version = "kernel",
        Peers = [.. peers.Select(key => new PeerStatus { PublicKey = key, LastHandshakeAgeMs = 0, LastReceiveAgeMs = 0, RxBytes = 0, TxBytes = 0 })],
    };
}
