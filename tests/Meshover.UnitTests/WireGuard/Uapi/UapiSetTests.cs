using System.Net;
using Meshover.UnitTests.WireGuard.Control;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Uapi;

namespace Meshover.UnitTests.WireGuard.Uapi;

public sealed class UapiSetTests
{
    private static readonly string Key1 = Convert.ToHexStringLower(Configs.Key(1).Bytes);
    private static readonly string Key2 = Convert.ToHexStringLower(Configs.Key(2).Bytes);

    [Fact]
    public void ApplyTo_DeviceKeys_ChangesOnlyThese()
    {
        var config = Parse(["listen_port=1234", "fwmark=7"]).ApplyTo(Configs.With(Configs.Peer(1)));

        Assert.Equal(1234, config.ListenPort);
        Assert.Equal(7u, config.FirewallMark);
        Assert.Equal(Configs.Plain.PrivateKey, config.PrivateKey);
        Assert.Single(config.Peers);
    }

    [Fact]
    public void ApplyTo_NewPeer_AddsIt()
    {
        var set = Parse([
            $"public_key={Key1}", "endpoint=[fd00::1]:51820", "persistent_keepalive_interval=25",
            "allowed_ip=10.1.2.3/16", "allowed_ip=fd00::/64", "protocol_version=1",
        ]);

        var config = set.ApplyTo(Configs.Plain);
        var peer = Assert.Single(config.Peers);

        Assert.Equal(Configs.Key(1), peer.PublicKey);
        Assert.Equal(25, peer.PersistentKeepalive);
        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/64")], peer.AllowedIps);
        Assert.Equal([new(Configs.Key(1), IPEndPoint.Parse("[fd00::1]:51820"))], set.EndpointsOf(config));
    }

    [Fact]
    public void ApplyTo_PresentPeer_KeepsWhatIsNotNamed()
    {
        var peer = Parse([$"public_key={Key1}", "persistent_keepalive_interval=9"]).ApplyTo(Configs.With(Configs.Peer(1))).Peers[0];

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
        var set = Parse([$"public_key={Key1}", "update_only=true", "endpoint=192.0.2.1:1"]);
        var config = set.ApplyTo(Configs.Plain);
        Assert.Empty(config.Peers);
        Assert.Empty(set.EndpointsOf(config));
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
        var config = Parse([$"public_key={Key2}", "allowed_ip=198.18.0.1/32"]).ApplyTo(Configs.With(Configs.Peer(1)));

        Assert.Empty(config.Peers[0].AllowedIps);
        Assert.Equal([IPNetwork.Parse("198.18.0.1/32")], config.Peers[1].AllowedIps);
    }

    [Fact]
    public void ApplyTo_AllowedIpGivenTwiceInOneRequest_BelongsToTheLast()
    {
        var config = Parse([
            $"public_key={Key1}", "allowed_ip=10.0.0.0/8", "allowed_ip=10.1.0.0/16",
            $"public_key={Key2}", "allowed_ip=10.0.0.0/8",
        ]).ApplyTo(Configs.Plain);

        Assert.Equal([IPNetwork.Parse("10.1.0.0/16")], config.Peers[0].AllowedIps);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], config.Peers[1].AllowedIps);
    }

    [Fact]
    public void ApplyTo_AllowedIpTakenAwayAndGivenAgain_IsThereOnce() =>
        Assert.Equal(
            [IPNetwork.Parse("198.18.0.1/32")], FirstAfter("allowed_ip=-198.18.0.1/32", "allowed_ip=198.18.0.1/32").AllowedIps);

    [Fact]
    public void ApplyTo_AllowedIpOfARemovedPeer_IsFree()
    {
        var config = Parse([$"public_key={Key1}", "remove=true", $"public_key={Key2}", "allowed_ip=198.18.0.1/32"])
            .ApplyTo(Configs.With(Configs.Peer(1)));

        Assert.Equal([IPNetwork.Parse("198.18.0.1/32")], Assert.Single(config.Peers).AllowedIps);
    }

    [Fact]
    public void ApplyTo_OwnPublicKey_IsPassedOverAsInLinux()
    {
        var own = Convert.ToHexStringLower(Configs.Plain.PrivateKey.PublicKey!.Value.Bytes);
        var set = Parse([$"public_key={own}", "endpoint=192.0.2.1:1", $"public_key={Key1}"]);

        var config = set.ApplyTo(Configs.Plain);

        Assert.Equal([Configs.Key(1)], config.Peers.Select(peer => peer.PublicKey));
        Assert.Empty(set.EndpointsOf(config));
    }

    [Fact]
    public void ApplyTo_PrivateKeyWhosePublicKeyIsAPeer_RemovesThatPeer()
    {
        var key = Enumerable.Repeat((byte)7, 32).ToArray();
        var peer = Configs.Peer(1) with { PublicKey = new WireGuardSecret(key).PublicKey!.Value };

        Assert.Empty(Parse([$"private_key={Convert.ToHexStringLower(key)}"]).ApplyTo(Configs.With(peer)).Peers);
    }

    [Fact]
    public void ApplyTo_PrivateKeyOfZeros_RemovesIt() =>
        Assert.True(Parse([$"private_key={new string('0', 64)}"]).ApplyTo(Configs.Plain).PrivateKey.IsZero);

    [Fact]
    public void EndpointsOf_PeerRemovedInTheSameRequest_NamesNone()
    {
        var set = Parse([$"public_key={Key1}", "endpoint=192.0.2.1:1", $"public_key={Key1}", "remove=true"]);

        Assert.Empty(set.EndpointsOf(set.ApplyTo(Configs.Plain)));
    }

    [Fact]
    public void ApplyTo_PresharedKeyOfZeros_RemovesIt()
    {
        var config = Configs.With(Configs.Peer(1) with { PresharedKey = Configs.Plain.PrivateKey });
        Assert.Null(Parse([$"public_key={Key1}", $"preshared_key={new string('0', 64)}"]).ApplyTo(config).Peers[0].PresharedKey);
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
    public void Parse_DeviceLineThatIsWrong_Throws(string line) => Assert.Throws<UapiException>(() => Parse([line]));

    [Theory]
    [InlineData("endpoint=192.0.2.1")]
    [InlineData("endpoint=192.0.2.1:0")]
    [InlineData("endpoint=fd00::1:51820:99999")]
    [InlineData("endpoint=fd00::1:51820")]
    [InlineData("endpoint=[192.0.2.1]:1")]
    [InlineData("endpoint=192.0.2:1")]
    [InlineData("endpoint=[]:1")]
    [InlineData("endpoint=[:1")]
    [InlineData("endpoint=]:1")]
    [InlineData("endpoint=:1")]
    [InlineData("allowed_ip=10.1/16")]
    [InlineData("allowed_ip=010.0.0.1/32")]
    [InlineData("allowed_ip=[fd00::1]/128")]
    [InlineData("allowed_ip=fe80::1%lo/128")]
    [InlineData("allowed_ip=--10.0.0.0/8")]
    [InlineData("allowed_ip=")]
    [InlineData("allowed_ip=-")]
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
        Assert.Throws<UapiException>(() => Parse([$"public_key={Key1}", line]));

    [Theory]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("10.9.8.7", "10.9.8.7/32")]
    [InlineData("10.9.8.7/12", "10.0.0.0/12")]
    [InlineData("fd00::ffff/120", "fd00::ff00/120")]
    public void Prefix_WithBitsBehindItsLength_IsCut(string value, string expected) =>
        Assert.Equal(IPNetwork.Parse(expected), UapiValue.Prefix("allowed_ip", value));

    [Theory]
    [InlineData("192.0.2.1:51820", "192.0.2.1:51820")]
    [InlineData("[2001:db8::1]:1", "[2001:db8::1]:1")]
    [InlineData("[fe80::1%5]:1", "[fe80::1%5]:1")]
    [InlineData("[::ffff:192.0.2.1]:1", "192.0.2.1:1")]
    public void EndPoint_AsWgWritesIt_IsTaken(string value, string expected) =>
        Assert.Equal(expected, UapiValue.EndPoint("endpoint", value).ToString());

    private static UapiSet Parse(string[] lines) => UapiSet.Parse(string.Concat(lines.Select(line => $"{line}\n")));

    private static IEnumerable<WireGuardKey> KeysAfter(DataplaneConfig config, params string[] lines) =>
        Parse(lines).ApplyTo(config).Peers.Select(peer => peer.PublicKey);

    // Peer 1 after lines about it.
    private static PeerConfig FirstAfter(params string[] lines) =>
        Parse([$"public_key={Key1}", .. lines]).ApplyTo(Configs.With(Configs.Peer(1))).Peers[0];
}
