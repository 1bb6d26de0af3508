using System.Diagnostics;

namespace Meshover.Bench.Dataplane;

/// <summary>Debian's packages of the other userspace tunnels, each set up as its manual says, between the two ends of a cable.</summary>
internal static class Peers
{
    private const string GoDevice = "mhbench";
    private const string NebulaDevice = "nebula1";
    private const string TincNetwork = "bench";

    /// <summary>wireguard-go, 10.1.0.x, MTU 1420.</summary>
    public static async Task<Subject> StartWireGuardGoAsync(Cable cable)
    {
        var engines = new List<Process>();
        var keys = new List<string>();
        for (var end = 1; end <= 2; end++)
        {
            var device = $"{GoDevice}{end}";
            engines.Add(cable.Start(end, "wireguard-go", "-f", device));
            await Cable.WaitForFileAsync(UapiSocket(end));
            var file = Path.Combine(cable.Directory, $"go{end}");
            await File.WriteAllTextAsync(file, await Programs.RunAsync("wg", "genkey"));
            await Programs.RunAsync("wg", "set", device, "private-key", file, "listen-port", "51820");
            keys.Add(await Programs.RunAsync("wg", "show", device, "public-key"));
        }
        for (var end = 1; end <= 2; end++)
        {
            var device = $"{GoDevice}{end}";
            await Programs.RunAsync(
                "wg", "set", device, "peer", keys[2 - end], "endpoint", $"{Cable.Address(3 - end)}:51820", "allowed-ips", "10.1.0.0/24");
            await Programs.RunAsync("ip", "-n", Cable.Namespace(end), "link", "set", device, "mtu", "1420");
            await Cable.AddAddressAsync(end, device, $"10.1.0.{end}/24");
        }
        return new Subject("wireguard-go", "10.1.0.2", engines);
    }

    /// <summary>Removes what wireguard-go leaves when it is killed.</summary>
    public static void CleanUp()
    {
        for (var end = 1; end <= 2; end++)
            File.Delete(UapiSocket(end));
    }

    /// <summary>nebula with its default cipher (AES-256-GCM) and default MTU (1300), 10.4.0.x.</summary>
    public static async Task<Subject> StartNebulaAsync(Cable cable)
    {
        var directory = Directory.CreateDirectory(Path.Combine(cable.Directory, "nebula")).FullName;
        string At(string file) => Path.Combine(directory, file);
        await Programs.RunAsync("nebula-cert", "ca", "-name", "bench", "-out-crt", At("ca.crt"), "-out-key", At("ca.key"));
        var engines = new List<Process>();
        for (var end = 1; end <= 2; end++)
        {
            await Programs.RunAsync(
                "nebula-cert", "sign", "-name", $"end{end}", "-ip", $"10.4.0.{end}/24", "-ca-crt", At("ca.crt"), "-ca-key", At("ca.key"),
                "-out-crt", At($"{end}.crt"), "-out-key", At($"{end}.key"));
            await File.WriteAllTextAsync(At($"{end}.yml"), $$"""
                pki: { ca: {{At("ca.crt")}}, cert: {{At($"{end}.crt")}}, key: {{At($"{end}.key")}} }
                static_host_map: { "10.4.0.{{3 - end}}": ["{{Cable.Address(3 - end)}}:4242"] }
                lighthouse: { am_lighthouse: false, hosts: [] }
                listen: { host: 0.0.0.0, port: 4242 }
                tun: { dev: {{NebulaDevice}} }
                firewall:
                  outbound: [{ port: any, proto: any, host: any }]
                  inbound: [{ port: any, proto: any, host: any }]
                """);
            engines.Add(cable.Start(end, "nebula", "-config", At($"{end}.yml")));
        }
        await WaitForDeviceAsync(NebulaDevice);
        return new Subject("nebula", "10.4.0.2", engines);
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
        await WaitForDeviceAsync(TincNetwork);
        for (var end = 1; end <= 2; end++)
            await Cable.AddAddressAsync(end, TincNetwork, $"10.5.0.{end}/24");
        return new Subject("tinc", "10.5.0.2", engines);
    }

    private static string TincDirectory(Cable cable, int end) => Path.Combine(cable.Directory, $"tinc{end}");

    private static string UapiSocket(int end) => $"/var/run/wireguard/{GoDevice}{end}.sock";

    private static Task WaitForDeviceAsync(string device) => Cable.WaitForAsync(
        async () => (await Cable.RunAsync(1, "ip", "-br", "link")).Contains(device, StringComparison.Ordinal)
            && (await Cable.RunAsync(2, "ip", "-br", "link")).Contains(device, StringComparison.Ordinal),
        device);
}
