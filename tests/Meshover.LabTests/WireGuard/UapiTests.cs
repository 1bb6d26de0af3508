using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Meshover.LabTests.WireGuard;

/// <summary>Debian's <c>wg</c> on our UAPI socket.</summary>
public sealed class UapiTests
{
    [Fact]
    public async Task Wg_Show_TellsWhatRuns()
    {
        await using var pair = await Mesh.CreateAsync(2);
        await pair.Wire.WaitForPingAsync(1, "10.99.0.2", TimeSpan.FromSeconds(10));
        using var name = new WgName(pair.Engines[0]);

        var dump = (await Shell.RunAsync("wg", "show", name.Device, "dump")).Split('\n').Select(line => line.Split('\t')).ToArray();

        Assert.Equal([Convert.ToBase64String(pair.Engines[0].PrivateKey.Bytes), $"{pair.Engines[0].PublicKey}", "12912", "0x6d"], dump[0]);
        Assert.Equal([$"{pair.Engines[1].PublicKey}", "(none)", "10.77.0.2:12912", "198.18.0.2/32,fd18::2/128"], dump[1][..4]);
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - long.Parse(dump[1][4]), 0, 15);
        Assert.All(dump[1][5..7], bytes => Assert.InRange(long.Parse(bytes), 100, 1_000_000));
        Assert.Equal("off", dump[1][7]);
    }

    [Fact]
    public async Task Wg_Set_ChangesAPeerAndKeepsItsLink()
    {
        await using var pair = await Mesh.CreateAsync(2);
        using var name = new WgName(pair.Engines[0]);
        var peer = $"{pair.Engines[1].PublicKey}";

        await Shell.RunAsync(
            "wg", "set", name.Device, "peer", peer, "persistent-keepalive", "25",
            "endpoint", "[fd77::2]:12912", "allowed-ips", "198.18.0.2/32,10.0.0.0/8");

        var status = await pair.Engines[0].PeerAsync();
        Assert.Equal(IPEndPoint.Parse("[fd77::2]:12912"), status.Endpoint);
        Assert.Equal("mo-00000002", status.LinkName);
        Assert.Equal($"{peer}\t25", await Shell.RunAsync("wg", "show", name.Device, "persistent-keepalive"));
        Assert.Equal($"{peer}\t198.18.0.2/32 10.0.0.0/8", await Shell.RunAsync("wg", "show", name.Device, "allowed-ips"));
    }

    [Fact]
    public async Task Wg_SyncConf_MakesItSo()
    {
        await using var pair = await Mesh.CreateAsync(2);
        using var name = new WgName(pair.Engines[0]);
        var key = await Shell.RunAsync("wg", "genkey");
        await File.WriteAllTextAsync(name.File, $"""
            [Interface]
            PrivateKey = {key}
            ListenPort = 4711

            [Peer]
            PublicKey = {pair.Engines[1].PublicKey}
            AllowedIPs = 198.18.0.2/32
            """);

        await Shell.RunAsync("wg", "syncconf", name.Device, name.File);

        Assert.Equal("4711", await Shell.RunAsync("wg", "show", name.Device, "listen-port"));
        Assert.Equal(4711, (await pair.Engines[0].Client.GetStatusAsync()).ListenPort);
    }

    [Theory]
    [InlineData("hello\n\n", -95)]
    [InlineData("get=1\nmore=1\n\n", -95)]
    [InlineData("set=1\nlisten_port=x\n\n", -22)]
    [InlineData("set=1\npublic_key=00\n\n", -22)]
    [InlineData("set=1\nlisten_port=5\nnonsense\n\n", -71)]
    [InlineData("\n", -95)]
    public async Task Request_ThatIsWrong_IsRefusedAndChangesNothing(string request, int errno)
    {
        await using var pair = await Mesh.CreateAsync(2);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(pair.Engines[0].Options.UapiDirectory, "meshover0.sock")));
        await socket.SendAsync(Encoding.UTF8.GetBytes(request));
        var answer = new byte[100];

        var length = await socket.ReceiveAsync(answer);

        Assert.Equal($"errno={errno}\n\n", Encoding.UTF8.GetString(answer, 0, length));
        Assert.Equal(12912, (await pair.Engines[0].Client.GetStatusAsync()).ListenPort);
    }

    /// <summary>Lets <c>wg</c>, which looks in one directory only, find an engine of a test.</summary>
    private sealed class WgName : IDisposable
    {
        private readonly string _link;

        public WgName(EngineHost engine)
        {
            Device = $"mh{Environment.ProcessId % 1_000_000}";
            Directory.CreateDirectory("/var/run/wireguard");
            _link = $"/var/run/wireguard/{Device}.sock";
            System.IO.File.CreateSymbolicLink(_link, Path.Combine(engine.Options.UapiDirectory, "meshover0.sock"));
            File = Path.GetTempFileName();
        }

        public string Device { get; }

        public string File { get; }

        public void Dispose()
        {
            System.IO.File.Delete(_link);
            System.IO.File.Delete(File);
        }
    }
}
