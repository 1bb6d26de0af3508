using System.Diagnostics;
using Meshover.Lab.Machines;

namespace Meshover.Bench.Dataplane;

/// <summary>One of the other userspace tunnels, of one release.</summary>
/// <param name="Name">As a subject.</param>
/// <param name="Network">10.NETWORK.0.0/24 is its own.</param>
/// <param name="System">The other Debian that it is of (<see cref="OtherSystem"/>); null: this machine's own.</param>
internal sealed record PeerRelease(string Name, int Network, string? System = null)
{
    /// <summary>What comes before its command.</summary>
    public IReadOnlyList<string> Prefix => System is null ? [] : OtherSystem.Prefix(OtherSystem.Of(System));

    public string Address(int end) => $"10.{Network}.0.{end}";

    /// <summary>Its interface at an end; its name tells releases apart, of which several run at once.</summary>
    public string Device(int end) => $"mhbench{Network}-{end}";

    /// <summary>Its UDP port on the cable.</summary>
    public int Port => 51_000 + Network;
}

/// <summary>Debian's packages of the other userspace tunnels, each set up as its manual says, between the two ends of a cable.</summary>
internal static class Peers
{
    private const string TincNetwork = "bench";

    /// <summary>MTU 1420.</summary>
    public static async Task<Subject> StartWireGuardGoAsync(Cable cable, PeerRelease release)
    {
        var engines = new List<Process>();
        var keys = new List<string>();
        for (var end = 1; end <= 2; end++)
        {
            var device = release.Device(end);
            engines.Add(cable.Start(end, [.. release.Prefix, "wireguard-go", "-f", device]));
            await Cable.WaitForFileAsync(UapiSocket(device));
            var file = Path.Combine(cable.Directory, device);
            await File.WriteAllTextAsync(file, await Programs.RunAsync("wg", "genkey"));
            await Programs.RunAsync("wg", "set", device, "private-key", file, "listen-port", $"{release.Port}");
            keys.Add(await Programs.RunAsync("wg", "show", device, "public-key"));
        }
        for (var end = 1; end <= 2; end++)
        {
            var device = release.Device(end);
            await Programs.RunAsync(
                "wg", "set", device, "peer", keys[2 - end], "endpoint", $"{Cable.Address(3 - end)}:{release.Port}", "allowed-ips", $"10.{release.Network}.0.0/24");
            await Programs.RunAsync("ip", "-n", Cable.Namespace(end), "link", "set", device, "mtu", "1420");
            await Cable.AddAddressAsync(end, device, $"{release.Address(end)}/24");
        }
        return new Subject(release.Name, release.Address(2), engines);
    }

    /// <summary>Removes what wireguard-go leaves when it is killed.</summary>
    public static void CleanUp(PeerRelease release)
    {
        for (var end = 1; end <= 2; end++)
            File.Delete(UapiSocket(release.Device(end)));
    }

    /// <summary>Its default cipher (AES-256-GCM) and default MTU (1300).</summary>
    public static async Task<Subject> StartNebulaAsync(Cable cable, PeerRelease release)
    {
        var directory = Directory.CreateDirectory(Path.Combine(cable.Directory, release.Name)).FullName;
        string At(string file) => Path.Combine(directory, file);
        await Programs.RunAsync("nebula-cert", "ca", "-name", "bench", "-out-crt", At("ca.crt"), "-out-key", At("ca.key"));
        var engines = new List<Process>();
        for (var end = 1; end <= 2; end++)
        {
            await Programs.RunAsync(
                "nebula-cert", "sign", "-name", $"end{end}", "-ip", $"{release.Address(end)}/24", "-ca-crt", At("ca.crt"), "-ca-key", At("ca.key"),
                "-out-crt", At($"{end}.crt"), "-out-key", At($"{end}.key"));
            await File.WriteAllTextAsync(At($"{end}.yml"), $$"""
                pki: { ca: {{At("ca.crt")}}, cert: {{At($"{end}.crt")}}, key: {{At($"{end}.key")}} }
                static_host_map: { "{{release.Address(3 - end)}}": ["{{Cable.Address(3 - end)}}:{{release.Port}}"] }
                lighthouse: { am_lighthouse: false, hosts: [] }
                listen: { host: 0.0.0.0, port: {{release.Port}} }
                tun: { dev: {{release.Device(end)}} }
                firewall:
                  outbound: [{ port: any, proto: any, host: any }]
                  inbound: [{ port: any, proto: any, host: any }]
                """);
            engines.Add(cable.Start(end, [.. release.Prefix, "nebula", "-config", At($"{end}.yml")]));
        }
        await WaitForDevicesAsync(release.Device);
        return new Subject(release.Name, release.Address(2), engines);
    }

    /// <summary>tinc 1.0 with its default ciphers (Blowfish in CBC, SHA-1), 10.5.0.x.</summary>
    public static async Task<Subject> StartTincAsync(Cable cable)
    {
        for (var end = 1; end <= 2; end++)
        {
            var directory = TincDirectory(cable, end);
            Directory.CreateDirectory(Path.Combine(directory, "hosts"));
            var connect = end == 1 ? "" : "ConnectTo = end1\n";
            await File.WriteAllTextAsync(Path.Combine(directory, "tinc.conf"), $"Name = end{end}\nInterface = {TincNetwork}\n{connect}");
            await File.WriteAllTextAsync(
                Path.Combine(directory, "hosts", $"end{end}"), $"Address = {Cable.Address(end)}\nSubnet = 10.5.0.{end}/32\n");
            await Programs.RunAsync("sh", "-c", $"tincd -c {directory} -K2048 </dev/null");
        }
        File.Copy(Path.Combine(TincDirectory(cable, 1), "hosts", "end1"), Path.Combine(TincDirectory(cable, 2), "hosts", "end1"));
        File.Copy(Path.Combine(TincDirectory(cable, 2), "hosts", "end2"), Path.Combine(TincDirectory(cable, 1), "hosts", "end2"));
        var engines = new List<Process>();
        for (var end = 1; end <= 2; end++)
        {
            var directory = TincDirectory(cable, end);
            engines.Add(cable.Start(end, "tincd", "-D", "-c", directory, $"--pidfile={directory}/pid"));
        }
        await WaitForDevicesAsync(_ => TincNetwork);
        for (var end = 1; end <= 2; end++)
            await Cable.AddAddressAsync(end, TincNetwork, $"10.5.0.{end}/24");
        return new Subject("tinc", "10.5.0.2", engines);
    }

    private static string TincDirectory(Cable cable, int end) => Path.Combine(cable.Directory, $"tinc{end}");

    private static string UapiSocket(string device) => $"/var/run/wireguard/{device}.sock";

    private static Task WaitForDevicesAsync(Func<int, string> device) => Cable.WaitForAsync(
        async () => (await Cable.RunAsync(1, "ip", "-br", "link")).Contains(device(1), StringComparison.Ordinal)
            && (await Cable.RunAsync(2, "ip", "-br", "link")).Contains(device(2), StringComparison.Ordinal),
        device(1));
}
