using System.Net;
using Meshover.UnitTests.WireGuard.Control;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Uapi;

namespace Meshover.UnitTests.WireGuard.Uapi;

public sealed class UapiSetTests
{
    private static readonly string Key1 = Convert.ToHexStringLower(Configs.Key(1).Bytes);
    private static readonly string Key2 = Convert.ToHexStringLower(Configs.Key(2).Bytes);

    [Fact]
    public void ApplyTo_DeviceKeys_ChangesOnlyThese()
    {
        var config = UapiSet.Parse(["listen_port=1234", "fwmark=7"]).ApplyTo(Configs.With(Configs.Peer(1)));

        Assert.Equal(1234, config.ListenPort);
        Assert.Equal(7u, config.FirewallMark);
        Assert.Equal(Configs.Plain.PrivateKey, config.PrivateKey);
        Assert.Single(config.Peers);
    }

    [Fact]
    public void ApplyTo_NewPeer_AddsIt()
    {
        var set = UapiSet.Parse([
            $"public_key={Key1}", "endpoint=[fd00::1]:51820", "persistent_keepalive_interval=25",
            "allowed_ip=10.1.2.3/16", "allowed_ip=fd00::/64", "protocol_version=1",
        ]);

        var peer = Assert.Single(set.ApplyTo(Configs.Plain).Peers);

        Assert.Equal(Configs.Key(1), peer.PublicKey);
        Assert.Equal(25, peer.PersistentKeepalive);
        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/64")], peer.AllowedIps);
        Assert.Equal([(Configs.Key(1), IPEndPoint.Parse("[fd00::1]:51820"))], set.Endpoints);
    }

    [Fact]
    public void ApplyTo_PresentPeer_KeepsWhatIsNotNamed()
    {
        var peer = UapiSet.Parse([$"public_key={Key1}", "persistent_keepalive_interval=9"]).ApplyTo(Configs.With(Configs.Peer(1))).Peers[0];

        Assert.Equal(Configs.Peer(1).Link, peer.Link);
        Assert.Equal(Configs.Peer(1).AllowedIps, peer.AllowedIps);
        Assert.Equal(9, peer.PersistentKeepalive);
    }

    [Fact]
    public void ApplyTo_Remove_TakesThePeerOut() =>
        Assert.Equal([Configs.Key(2)], KeysAfter(Configs.With(Configs.Peer(1), Configs.Peer(2)), $"public_key={Key1}", "remove=true"));

    [Fact]
    public void ApplyTo_UpdateOnlyOfAStranger_DoesNothing()
    {
        var set = UapiSet.Parse([$"public_key={Key1}", "update_only=true", "endpoint=192.0.2.1:1"]);
        Assert.Empty(set.ApplyTo(Configs.Plain).Peers);
        Assert.Empty(set.Endpoints);
    }

    [Fact]
    public void ApplyTo_ReplacePeers_KeepsNoOther() =>
        Assert.Equal([Configs.Key(2)], KeysAfter(Configs.With(Configs.Peer(1)), "replace_peers=true", $"public_key={Key2}"));

    [Fact]
    public void ApplyTo_ReplaceAllowedIps_KeepsNoOther() =>
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], FirstAfter("replace_allowed_ips=true", "allowed_ip=10.0.0.0/8").AllowedIps);

    [Fact]
    public void ApplyTo_AllowedIpWithMinus_TakesItAway() =>
        Assert.Empty(FirstAfter("allowed_ip=-198.18.0.1/32").AllowedIps);

    [Fact]
    public void ApplyTo_AllowedIpOfAnotherPeer_GoesOver()
    {
        var config = UapiSet.Parse([$"public_key={Key2}", "allowed_ip=198.18.0.1/32"]).ApplyTo(Configs.With(Configs.Peer(1)));

        Assert.Empty(config.Peers[0].AllowedIps);
        Assert.Equal([IPNetwork.Parse("198.18.0.1/32")], config.Peers[1].AllowedIps);
    }

    [Fact]
    public void ApplyTo_PresharedKeyOfZeros_RemovesIt()
    {
        var config = Configs.With(Configs.Peer(1) with { PresharedKey = Configs.Plain.PrivateKey });
        Assert.Null(UapiSet.Parse([$"public_key={Key1}", $"preshared_key={new string('0', 64)}"]).ApplyTo(config).Peers[0].PresharedKey);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("=")]
    [InlineData("color=red")]
    [InlineData("private_key=00")]
    [InlineData("private_key=zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("listen_port=65536")]
    [InlineData("listen_port=-1")]
    [InlineData("listen_port= 1")]
    [InlineData("fwmark=4294967296")]
    [InlineData("replace_peers=false")]
    [InlineData("endpoint=192.0.2.1:1")] // before any peer
    public void Parse_DeviceLineThatIsWrong_Throws(string line) => Assert.Throws<UapiException>(() => UapiSet.Parse([line]));

    [Theory]
    [InlineData("endpoint=192.0.2.1")]
    [InlineData("endpoint=192.0.2.1:0")]
    [InlineData("endpoint=fd00::1:51820:99999")]
    [InlineData("allowed_ip=10.0.0.0/33")]
    [InlineData("allowed_ip=10.0.0.0/-1")]
    [InlineData("allowed_ip=fd00::/129")]
    [InlineData("allowed_ip=anywhere")]
    [InlineData("persistent_keepalive_interval=65536")]
    [InlineData("protocol_version=2")]
    [InlineData("preshared_key=1")]
    [InlineData("remove=1")]
    [InlineData("listen_port=1")] // after a peer
    public void Parse_PeerLineThatIsWrong_Throws(string line) =>
        Assert.Throws<UapiException>(() => UapiSet.Parse([$"public_key={Key1}", line]));

    [Theory]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("10.9.8.7", "10.9.8.7/32")]
    [InlineData("10.9.8.7/12", "10.0.0.0/12")]
    [InlineData("fd00::ffff/120", "fd00::ff00/120")]
    public void Prefix_WithBitsBehindItsLength_IsCut(string value, string expected) =>
        Assert.Equal(IPNetwork.Parse(expected), UapiValue.Prefix("allowed_ip", value));

    private static IEnumerable<WireGuardKey> KeysAfter(DataplaneConfig config, params string[] lines) =>
        UapiSet.Parse(lines).ApplyTo(config).Peers.Select(peer => peer.PublicKey);

    // Peer 1 after lines about it.
    private static PeerConfig FirstAfter(params string[] lines) =>
        UapiSet.Parse([$"public_key={Key1}", .. lines]).ApplyTo(Configs.With(Configs.Peer(1))).Peers[0];
}
