using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.WireGuard.Control;

public sealed class ConfigValidatorTests
{
    [Fact]
    public void Validate_RightConfiguration_FindsNothing() =>
        Assert.Empty(ConfigValidator.Validate(Configs.With(Configs.Peer(1), Configs.Peer(2))));

    public static TheoryData<string, DataplaneConfig> Wrong => new()
    {
        { "interface '' is not an interface name", Configs.Plain with { Interface = "" } },
        { "interface 'a/b' is not an interface name", Configs.Plain with { Interface = "a/b" } },
        { "interface 'sixteen-letters!' is not an interface name", Configs.Plain with { Interface = "sixteen-letters!" } },
        { "listenPort is 65536", Configs.Plain with { ListenPort = 65536 } },
        { "listenPort is -1", Configs.Plain with { ListenPort = -1 } },
        { "mtu is 1279", Configs.Plain with { Mtu = 1279 } },
        { "is named twice", Configs.With(Configs.Peer(1), Configs.Peer(2) with { PublicKey = Configs.Key(1) }) },
        { "is named twice", Configs.With(Configs.Peer(1), Configs.Peer(2) with { OtherPublicKey = Configs.Key(1) }) },
        { "is given to two peers", Configs.With(Configs.Peer(1), Plain(2) with { AllowedIps = Configs.Peer(1).AllowedIps }) },
        { "interface mo-00000001 is named twice", Configs.With(Configs.Peer(1), WithLink(2, link => link with { Name = "mo-00000001" })) },
        { "interface meshover0 is named twice", Configs.With(WithLink(1, link => link with { Name = "meshover0" })) },
        { "a peer is null", Configs.With([null!]) },
        { "no public key", Configs.With(Plain(0)) },
        { "persistentKeepalive is 65536", Configs.With(Plain(1) with { PersistentKeepalive = 65536 }) },
        { "0.0.0.0:1 is not an endpoint", Configs.With(Plain(1) with { Endpoint = new IPEndPoint(IPAddress.Any, 1) }) },
        { "192.0.2.1:0 is not an endpoint", Configs.With(Plain(1) with { Endpoint = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0) }) },
        { "mtu is 65476", Configs.Plain with { Mtu = 65476 } },
        { "link mtu is 1397", Configs.With(WithLink(1, link => link with { Mtu = 1397 })) },
        { "link mtu is 1279", Configs.With(WithLink(1, link => link with { Mtu = 1279 })) },
        { "are not IPv4", Configs.With(WithLink(1, link => link with { LocalTunnel = IPAddress.IPv6Loopback })) },
        { "is not among its allowed IPs", Configs.With(WithLink(1, link => link with { RemoteTunnel = IPAddress.Parse("198.18.0.9") })) },
        { "longer than 255 bytes", Configs.With(WithLink(1, link => link with { Alias = new string('x', 256) })) },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void Validate_WrongConfiguration_SaysWhatIsWrong(string fault, DataplaneConfig config) =>
        Assert.Contains(fault, Assert.Single(ConfigValidator.Validate(config)));

    [Fact]
    public void Validate_PeerThatIsThisNode_SaysSo()
    {
        var own = new byte[32];
        X25519.PublicFromPrivate(Configs.Plain.PrivateKey.Bytes, own);
        var config = Configs.With(Plain(1) with { PublicKey = new WireGuardKey(own) });
        Assert.Contains("this node's own public key", Assert.Single(ConfigValidator.Validate(config)));
    }

    [Fact]
    public void Validate_SeveralFaults_NamesThemAll() =>
        Assert.Equal(3, ConfigValidator.Validate(Configs.Plain with { Interface = "", ListenPort = -1, Mtu = 0 }).Count);

    private static PeerConfig Plain(byte seed) => Configs.Peer(seed) with { Link = null };

    private static PeerConfig WithLink(byte seed, Func<LinkConfig, LinkConfig> change) =>
        Configs.Peer(seed) with { Link = change(Configs.Peer(seed).Link!) };
}
