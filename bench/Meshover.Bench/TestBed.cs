using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Meshover.Lab;
using Meshover.Linux.Namespaces;
using Meshover.WireGuard.Control;

namespace Meshover.Bench;

/// <summary>
/// Two namespaces, 10.77.0.1 and 10.77.0.2, with a pair of each engine between them: wireguard-go (10.1.0.x), meshover's main device
/// (10.2.0.x) and its GRE link (10.3.0.x).
/// </summary>
internal sealed class TestBed : IAsyncDisposable
{
    private const string GoDevice = "mhbench";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(15);

    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-bench-").FullName;
    private readonly List<Process> _processes = [];

    private TestBed()
    {
        Subjects = [
            new Subject("wireguard-go", "10.1.0.2", []),
            new Subject("meshover", "10.2.0.2", []),
            new Subject("meshover+gre", "10.3.0.2", []),
        ];
    }

    public IReadOnlyList<Subject> Subjects { get; }

    public static string Namespace(int end) => $"mhbench-{Environment.ProcessId}-{end}";

    public static Task<string> RunAsync(int end, params string[] command) =>
        Programs.RunAsync("ip", ["netns", "exec", Namespace(end), .. command]);

    public static async Task<TestBed> CreateAsync()
    {
        var bed = new TestBed();
        try
        {
            await bed.LayCableAsync();
            await bed.StartGoAsync();
            await bed.StartMeshoverAsync();
            foreach (var subject in bed.Subjects)
                await RunAsync(1, "ping", "-c", "1", "-w", "10", subject.Address);
            return bed;
        }
        catch
        {
            await bed.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        for (var end = 1; end <= 2; end++)
        {
            NetworkNamespace.Delete(Namespace(end));
            File.Delete($"/var/run/wireguard/{GoDevice}{end}.sock");
        }
        Directory.Delete(_directory, recursive: true);
    }

    private async Task LayCableAsync()
    {
        NetworkNamespace.Create(Namespace(1));
        NetworkNamespace.Create(Namespace(2));
        await Programs.RunAsync(
            "ip", "link", "add", "eth0", "netns", Namespace(1), "type", "veth", "peer", "name", "eth0", "netns", Namespace(2));
        for (var end = 1; end <= 2; end++)
        {
            await AddressAsync(end, "eth0", $"10.77.0.{end}/24");
            await Programs.RunAsync("ip", "-n", Namespace(end), "link", "set", "lo", "up");
        }
    }

    private static async Task AddressAsync(int end, string device, string address)
    {
        await Programs.RunAsync("ip", "-n", Namespace(end), "addr", "add", address, "dev", device);
        await Programs.RunAsync("ip", "-n", Namespace(end), "link", "set", device, "up");
    }

    private async Task StartGoAsync()
    {
        var keys = new List<string>();
        for (var end = 1; end <= 2; end++)
        {
            var device = $"{GoDevice}{end}";
            Start(Subjects[0], end, "wireguard-go", "-f", device);
            await WaitForFileAsync($"/var/run/wireguard/{device}.sock");
            var file = Path.Combine(_directory, $"go{end}");
            await File.WriteAllTextAsync(file, await Programs.RunAsync("wg", "genkey"));
            await Programs.RunAsync("wg", "set", device, "private-key", file, "listen-port", "51820");
            keys.Add(await Programs.RunAsync("wg", "show", device, "public-key"));
        }
        for (var end = 1; end <= 2; end++)
        {
            var device = $"{GoDevice}{end}";
            await Programs.RunAsync(
                "wg", "set", device, "peer", keys[2 - end], "endpoint", $"10.77.0.{3 - end}:51820", "allowed-ips", "10.1.0.0/24");
            await Programs.RunAsync("ip", "-n", Namespace(end), "link", "set", device, "mtu", "1420");
            await AddressAsync(end, device, $"10.1.0.{end}/24");
        }
    }

    private async Task StartMeshoverAsync()
    {
        var keys = new WireGuardSecret[] { new(RandomNumberGenerator.GetBytes(32)), new(RandomNumberGenerator.GetBytes(32)) };
        for (var end = 1; end <= 2; end++)
        {
            var directory = Path.Combine(_directory, $"meshover{end}");
            string[] places = ["--run-dir", directory, "--state-dir", directory, "--uapi-dir", directory];
            var process = Start(Subjects[1], end, [LabPrograms.Meshover, "dataplane", .. places]);
            Subjects[2].Engines.Add(process);
            await WaitForFileAsync(Path.Combine(directory, "dataplane.sock"));
        }
        for (var end = 1; end <= 2; end++)
        {
            var client = new DataplaneClient(Path.Combine(_directory, $"meshover{end}", "dataplane.sock"));
            await client.ApplyAsync(await ConfigAsync(end, keys));
            await AddressAsync(end, "meshover0", $"10.2.0.{end}/24");
            await AddressAsync(end, "mo-link", $"10.3.0.{end}/24");
        }
    }

    private async Task<DataplaneConfig> ConfigAsync(int end, WireGuardSecret[] keys) => new()
    {
        Interface = "meshover0",
        PrivateKey = keys[end - 1],
        ListenPort = 12912,
        Mtu = 1420,
        Peers = [new PeerConfig
        {
            PublicKey = await PublicKeyAsync(keys[2 - end]),
            Endpoint = new IPEndPoint(IPAddress.Parse($"10.77.0.{3 - end}"), 12912),
            AllowedIps = [IPNetwork.Parse("10.2.0.0/24")],
            Link = new LinkConfig
            {
                Name = "mo-link",
                Mtu = 1396,
                LocalTunnel = IPAddress.Parse($"10.2.0.{end}"),
                RemoteTunnel = IPAddress.Parse($"10.2.0.{3 - end}"),
            },
        }],
    };

    private async Task<WireGuardKey> PublicKeyAsync(WireGuardSecret key)
    {
        var file = Path.Combine(_directory, "key");
        await File.WriteAllTextAsync(file, Convert.ToBase64String(key.Bytes));
        var text = await Programs.RunAsync("sh", "-c", $"wg pubkey < {file}");
        return WireGuardKey.TryParse(text, out var result) ? result : throw new InvalidOperationException($"wg pubkey said '{text}'");
    }

    private Process Start(Subject subject, int end, params string[] command)
    {
        var process = Programs.Start(Namespace(end), command);
        _processes.Add(process);
        subject.Engines.Add(process);
        return process;
    }

    private static async Task WaitForFileAsync(string path)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!File.Exists(path))
        {
            if (TimeProvider.System.GetElapsedTime(start) > StartTimeout)
                throw new TimeoutException($"{path} does not appear: an engine did not start");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }
    }
}

/// <summary>Something to be measured: an address behind it, and the processes (one a side) that carry its packets.</summary>
internal sealed record Subject(string Name, string Address, List<Process> Engines);
