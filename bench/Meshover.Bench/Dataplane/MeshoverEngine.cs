using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Meshover.Lab;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Bench.Dataplane;

/// <summary>A pair of our engines, each with one peer, of which it has a main device and a GRE link.</summary>
/// <param name="network">The main device's is 10.N.0.0/24, the link's 10.N+1.0.0/24; the port is 12900 + N.</param>
internal sealed class MeshoverEngine(Cable cable, int network)
{
    private readonly string _directory = Path.Combine(cable.Directory, $"meshover{network}");
    private readonly WireGuardSecret[] _keys = [new(RandomNumberGenerator.GetBytes(32)), new(RandomNumberGenerator.GetBytes(32))];

    /// <summary>The engine as it is released: its main device, and its link.</summary>
    public static async Task<IReadOnlyList<Subject>> StartAsync(Cable cable)
    {
        var engine = new MeshoverEngine(cable, network: 2);
        var processes = await engine.StartAsync([LabPrograms.Meshover, "dataplane"]);
        return [new Subject("meshover", "10.2.0.2", processes), new Subject("meshover+gre", "10.3.0.2", processes)];
    }

    /// <summary>The engine built with a cipher that does nothing: what its packets cost beside their encryption.</summary>
    public static async Task<Subject> StartNullAsync(Cable cable)
    {
        var processes = await new MeshoverEngine(cable, network: 6).StartAsync([NullProgram, "dataplane"]);
        return new Subject("meshover-null", "10.7.0.2", processes);
    }

    private static string NullProgram =>
        Environment.GetEnvironmentVariable("MESHOVER_NULL") is { Length: > 0 } path && File.Exists(path)
            ? path
            : throw new InvalidOperationException("MESHOVER_NULL does not name the engine built with the null cipher; `./dev bench` builds it");

    private async Task<List<Process>> StartAsync(string[] command)
    {
        var processes = new List<Process>();
        for (var end = 1; end <= 2; end++)
        {
            var directory = DirectoryOf(end);
            string[] places = ["--run-dir", directory, "--state-dir", directory, "--uapi-dir", directory];
            processes.Add(cable.Start(end, [.. command, .. places]));
            await Cable.WaitForFileAsync(SocketOf(end));
        }
        for (var end = 1; end <= 2; end++)
        {
            await new DataplaneClient(SocketOf(end)).ApplyAsync(await ConfigAsync(end));
            await Cable.AddAddressAsync(end, $"mo-main{network}", $"10.{network}.0.{end}/24");
            await Cable.AddAddressAsync(end, $"mo-link{network}", $"10.{network + 1}.0.{end}/24");
        }
        return processes;
    }

    private string DirectoryOf(int end) => Path.Combine(_directory, $"{end}");

    private string SocketOf(int end) => Path.Combine(DirectoryOf(end), "dataplane.sock");

    private async Task<DataplaneConfig> ConfigAsync(int end) => new()
    {
        Interface = $"mo-main{network}",
        PrivateKey = _keys[end - 1],
        ListenPort = (ushort)(12900 + network),
        Mtu = 1420,
        Peers = [new PeerConfig
        {
            PublicKey = await cable.PublicKeyAsync(_keys[2 - end]),
            Endpoint = new IPEndPoint(IPAddress.Parse(Cable.Address(3 - end)), 12900 + network),
            AllowedIps = [IPNetwork.Parse($"10.{network}.0.0/24")],
            Link = new LinkConfig
            {
                Name = $"mo-link{network}",
                Mtu = 1396,
                LocalTunnel = IPAddress.Parse($"10.{network}.0.{end}"),
                RemoteTunnel = IPAddress.Parse($"10.{network}.0.{3 - end}"),
            },
        }],
    };
}
