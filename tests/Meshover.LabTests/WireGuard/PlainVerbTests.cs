namespace Meshover.LabTests.WireGuard;

/// <summary>
/// Each verb of <c>wg</c>, said to a plain WireGuard of ours and to Debian's wireguard-go: afterwards both show the same.
/// </summary>
public sealed class PlainVerbTests : IAsyncLifetime
{
    private const string Key1 = "QFlhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX4=";
    private const string Key2 = "gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8=";
    private const string Psk = "0NHS09TV1tfY2drb3N3e3+Dh4uPk5ebn6Onq6+zt7u8=";
    private const string Private = "EBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLk8=";

    private Wire _wire = null!;
    private PlainPeer _ours = null!;
    private GoPeer _theirs = null!;

    public async ValueTask InitializeAsync()
    {
        _wire = await Wire.CreateAsync(2);
        _ours = await PlainPeer.StartAsync(_wire, 1);
        _theirs = await GoPeer.StartAsync(_wire, 2);
        await _wire.IpAsync(1, "link", "set", _ours.Device, "up");
        // From the same beginning: GoPeer has a key and a port by now.
        await BothAsync("set", "private-key", _ours.NewFile(Private), "listen-port", "12912");
        await BothAsync("set", "peer", Key1, "preshared-key", _ours.NewFile(Psk), "endpoint", "192.0.2.1:1", "allowed-ips", "10.1.0.0/16,fd01::/64");
    }

    public async ValueTask DisposeAsync()
    {
        await _theirs.DisposeAsync();
        await _ours.DisposeAsync();
        await _wire.DisposeAsync();
    }

    [Theory]
    [InlineData("set", "listen-port", "4711", "fwmark", "0x2a")]
    [InlineData("set", "fwmark", "off")]
    [InlineData("set", "private-key", "/dev/null")]
    [InlineData("set", "peer", Key2)]
    [InlineData("set", "peer", Key2, "endpoint", "[2001:db8::7]:7", "persistent-keepalive", "25", "allowed-ips", "0.0.0.0/0,::/0")]
    [InlineData("set", "peer", Key2, "allowed-ips", "10.1.0.0/16")] // from Key1 to Key2
    [InlineData("set", "peer", Key2, "allowed-ips", "10.1.2.3/24,10.1.2.4/24")] // bits behind the length, twice the same
    [InlineData("set", "peer", Key1, "allowed-ips", "")]
    [InlineData("set", "peer", Key1, "preshared-key", "/dev/null")]
    [InlineData("set", "peer", Key1, "persistent-keepalive", "65535")]
    [InlineData("set", "peer", Key1, "persistent-keepalive", "off")]
    [InlineData("set", "peer", Key1, "remove")]
    [InlineData("set", "peer", Key2, "remove")] // not there
    [InlineData("set", "peer", Key1, "endpoint", "192.0.2.9:9", "peer", Key2, "allowed-ips", "10.2.0.0/16")]
    public async Task Set_LeavesBothTheSame(params string[] arguments)
    {
        await BothAsync(arguments);
        await AssertSameAsync();
    }

    [Fact]
    public async Task Set_OurOwnPublicKey_IsNoPeer()
    {
        await BothAsync("set", "peer", await _ours.WgAsync("show", _ours.Device, "public-key"), "allowed-ips", "10.9.0.0/16");
        await AssertSameAsync();
        Assert.DoesNotContain("10.9.0.0", await _ours.WgAsync("show", _ours.Device, "dump"));
    }

    [Theory]
    [InlineData("setconf")]
    [InlineData("addconf")]
    [InlineData("syncconf")]
    public async Task Conf_LeavesBothTheSame(string verb)
    {
        var file = _ours.NewFile($"""
            [Interface]
            ListenPort = 4712
            FwMark = 7

            [Peer]
            PublicKey = {Key2}
            AllowedIPs = 10.1.0.0/16, 10.2.0.0/16
            Endpoint = 192.0.2.2:2

            [Peer]
            PublicKey = {Key1}
            AllowedIPs = 10.3.0.0/16
            PersistentKeepalive = 9
            """);
        await BothAsync(verb, file);
        await AssertSameAsync();
    }

    [Theory]
    [InlineData("setconf")]
    [InlineData("syncconf")]
    public async Task Conf_ThatNamesNoPeer_RemovesAll(string verb)
    {
        await BothAsync(verb, _ours.NewFile("[Interface]\nListenPort = 4713"));
        await AssertSameAsync();
        Assert.Equal("", await _ours.WgAsync("show", _ours.Device, "peers"));
    }

    [Fact]
    public async Task ShowConf_GivenBackBySetConf_ChangesNothing()
    {
        await _ours.WgAsync("set", _ours.Device, "listen-port", "0");
        var chosen = await _ours.WgAsync("show", _ours.Device, "listen-port");
        Assert.InRange(int.Parse(chosen), 1024, 65535);
        var conf = await _ours.WgAsync("showconf", _ours.Device);

        await _ours.WgAsync("setconf", _ours.Device, _ours.NewFile(conf));

        Assert.Equal(conf, await _ours.WgAsync("showconf", _ours.Device));
        Assert.Contains($"ListenPort = {chosen}", conf);
    }

    [Fact]
    public async Task Set_APortInUse_FailsAndTheFormerStays()
    {
        await using var other = await PlainPeer.StartAsync(_wire, 1);
        await other.WgAsync("set", other.Device, "listen-port", "4714");

        var (exitCode, output) = await Shell.TryRunAsync("wg", "set", _ours.Device, "listen-port", "4714", "fwmark", "9");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Address already in use", output);
        Assert.Equal("12912", await _ours.WgAsync("show", _ours.Device, "listen-port"));
        Assert.Equal("off", await _ours.WgAsync("show", _ours.Device, "fwmark"));
    }

    [Fact]
    public async Task SetConf_AThousandPeers_IsDoneAtOnce()
    {
        var peers = Enumerable.Range(0, 1000).Select(i => $"""

            [Peer]
            PublicKey = {Convert.ToBase64String([.. BitConverter.GetBytes(i + 1), .. new byte[28]])}
            AllowedIPs = 10.{i / 250}.{i % 250}.0/24, fd00:{i:x}::/32
            """);
        await _ours.WgAsync("setconf", _ours.Device, _ours.NewFile($"[Interface]\nPrivateKey = {Private}\n{string.Join('\n', peers)}"));

        Assert.Equal(1000, (await _ours.WgAsync("show", _ours.Device, "peers")).Split('\n').Length);
    }

    /// <summary><c>wg VERB DEVICE ARGUMENT…</c> at both.</summary>
    private async Task BothAsync(params string[] command)
    {
        await _ours.WgAsync([command[0], _ours.Device, .. command[1..]]);
        await _theirs.WgAsync([command[0], _theirs.Device, .. command[1..]]);
    }

    private async Task AssertSameAsync() =>
        Assert.Equal(await StateAsync(_theirs.Device), await StateAsync(_ours.Device));

    // Without what differs by nature: the order of peers and prefixes, and counters.
    private static async Task<string> StateAsync(string device)
    {
        var lines = (await Shell.RunAsync("wg", "show", device, "dump")).Split('\n').Select(line => line.Split('\t')).ToList();
        var peers = lines.Skip(1)
            .Select(peer => string.Join(' ', peer[..3].Append(string.Join(',', peer[3].Split(',').Order(StringComparer.Ordinal))).Append(peer[7])))
            .Order(StringComparer.Ordinal);
        return string.Join('\n', peers.Prepend(string.Join(' ', lines[0])));
    }
}
