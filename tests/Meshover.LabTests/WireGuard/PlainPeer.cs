using Meshover.Lab;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.WireGuard;

/// <summary><c>meshover dataplane --plain</c> in a namespace, in the background, driven by Debian's <c>wg</c>.</summary>
internal sealed class PlainPeer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static int _peers;

    private readonly Wire _wire;
    private readonly int _end;
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-plain-").FullName;

    private PlainPeer(Wire wire, int end)
    {
        _wire = wire;
        _end = end;
        Device = NewName();
    }

    /// <summary>Unique on this machine: its UAPI socket lies in a directory that all share.</summary>
    public string Device { get; }

    public string SocketPath => $"/var/run/wireguard/{Device}.sock";

    public string PublicKey { get; private set; } = "";

    public static string NewName() => $"mp{Environment.ProcessId % 100_000}x{Interlocked.Increment(ref _peers)}";

    /// <summary>Starts it, and leaves it as it is then: unconfigured, its device down.</summary>
    public static async Task<PlainPeer> StartAsync(Wire wire, int end)
    {
        var peer = new PlainPeer(wire, end);
        await wire.RunAsync(end, LabPrograms.Meshover, "dataplane", "--plain", peer.Device);
        return peer;
    }

    /// <summary>Gives it a private key, port 12912 and the tunnel addresses, and sets its device up.</summary>
    public async Task SetUpAsync()
    {
        var key = await WgAsync("genkey");
        await WgAsync("set", Device, "private-key", NewFile(key), "listen-port", "12912");
        PublicKey = await WgAsync("show", Device, "public-key");
        await AddressAsync();
    }

    public async Task AddressAsync()
    {
        await _wire.IpAsync(_end, "addr", "add", $"{EngineHost.Tunnel(_end)}/24", "dev", Device);
        await _wire.IpAsync(_end, "link", "set", Device, "up");
    }

    public Task<string> WgAsync(params string[] arguments) => Shell.RunAsync("wg", arguments);

    /// <summary>A file with this in it, as <c>wg</c> takes keys and configurations.</summary>
    public string NewFile(string content)
    {
        var path = Path.Combine(_directory, $"{Guid.NewGuid()}");
        File.WriteAllText(path, content + "\n");
        return path;
    }

    /// <summary>The process that serves the device; null once it has ended.</summary>
    public ProcessIdentity? Find() => Directory.GetDirectories("/proc")
        .Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(int.Parse!)
        .Where(pid => CommandLine(pid).Split('\0') is [_, "dataplane", "--plain", .. var rest] && rest.Contains(Device))
        .Select(ProcessIdentity.TryFind).FirstOrDefault(process => process is not null);

    /// <summary>Waits until the process has ended and nothing of it is left.</summary>
    public Task WaitForEndAsync() => Until.TrueAsync("the plain WireGuard is gone", Deadline, async () =>
        Find() is null && !File.Exists(SocketPath) && !(await _wire.IpAsync(_end, "-o", "link")).Contains(Device));

    public async ValueTask DisposeAsync()
    {
        if (Find() is { } process)
            await process.StopAsync(Deadline, TimeProvider.System);
        File.Delete(SocketPath);
        Directory.Delete(_directory, recursive: true);
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return ""; // it has just gone
        }
    }
}
