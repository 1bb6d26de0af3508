using System.Diagnostics;

namespace Meshover.LabTests.WireGuard;

/// <summary>Debian's <c>wireguard-go</c> with <c>wg</c>: the other side of a tunnel in the tests.</summary>
internal sealed class GoPeer : IAsyncDisposable
{
    private static int _peers;

    private readonly Wire _wire;
    private readonly int _end;
    private readonly Process _process;
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-go-").FullName;

    private GoPeer(Wire wire, int end, string device, Process process)
    {
        _wire = wire;
        _end = end;
        Device = device;
        _process = process;
    }

    /// <summary>Unique on this machine: its UAPI socket lies in a directory that all share.</summary>
    public string Device { get; }

    public string PublicKey { get; private set; } = "";

    public static async Task<GoPeer> StartAsync(Wire wire, int end)
    {
        var device = $"go{Environment.ProcessId % 100_000}x{Interlocked.Increment(ref _peers)}";
        var command = $"exec wireguard-go -f {device} >/dev/null 2>&1";
        var start = new ProcessStartInfo("ip", ["netns", "exec", wire.Name(end), "sh", "-c", command]);
        var peer = new GoPeer(wire, end, device, Process.Start(start)!);
        var socket = $"/var/run/wireguard/{device}.sock";
        await Until.TrueAsync("wireguard-go listens", TimeSpan.FromSeconds(10), () => Task.FromResult(File.Exists(socket)));
        await peer.SetUpAsync();
        return peer;
    }

    public async Task<string> WgAsync(params string[] arguments) => await Shell.RunAsync("wg", arguments);

    /// <summary><c>wg set</c> of one peer of ours.</summary>
    public Task SetPeerAsync(string publicKey, params string[] arguments) => WgAsync(["set", Device, "peer", publicKey, .. arguments]);

    /// <summary>A file with a key, as <c>wg</c> takes them.</summary>
    public string KeyFile(string key)
    {
        var path = Path.Combine(_directory, $"{Guid.NewGuid()}");
        File.WriteAllText(path, key);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        File.Delete($"/var/run/wireguard/{Device}.sock");
        Directory.Delete(_directory, recursive: true);
    }

    private async Task SetUpAsync()
    {
        var key = await WgAsync("genkey");
        await WgAsync("set", Device, "private-key", KeyFile(key), "listen-port", "12912");
        PublicKey = await WgAsync("show", Device, "public-key");
        await _wire.IpAsync(_end, "addr", "add", $"{EngineHost.Tunnel(_end)}/24", "dev", Device);
        await _wire.IpAsync(_end, "addr", "add", $"fd18::{_end}/64", "dev", Device, "nodad");
        await _wire.IpAsync(_end, "link", "set", Device, "mtu", "1420", "up");
    }
}
