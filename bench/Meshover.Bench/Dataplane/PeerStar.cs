using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Meshover.Lab;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Bench.Dataplane;

/// <summary>
/// One engine at end 1 of a cable with a link to each of many peers, every one an engine of its own at end 2. Behind link N is 10.200.N.2.
/// </summary>
internal sealed class PeerStar(Cable cable, int peers)
{
    private const int CentrePort = 12800;
    private const string CentreTunnel = "198.18.0.1";

    private readonly WireGuardSecret _centreKey = NewKey();
    private readonly WireGuardSecret[] _peerKeys = [.. Enumerable.Range(0, peers).Select(_ => NewKey())];

    /// <summary>The address behind the link of a peer, from 0.</summary>
    public static IPAddress AddressOf(int peer) => new([10, 200, (byte)peer, 2]);

    /// <summary>Starts all engines and waits until each peer has answered; the centre's process.</summary>
    public async Task<Process> StartAsync(CancellationToken ct)
    {
        var centre = await StartEngineAsync(1, "centre");
        await new DataplaneClient(SocketOf("centre")).ApplyAsync(await CentreConfigAsync(), ct);
        for (var peer = 0; peer < peers; peer++)
        {
            ct.ThrowIfCancellationRequested();
            await StartEngineAsync(2, $"{peer}");
            await new DataplaneClient(SocketOf($"{peer}")).ApplyAsync(await PeerConfigAsync(peer), ct);
            await Cable.AddAddressAsync(1, CentreLink(peer), $"10.200.{peer}.1/24");
            await Cable.AddAddressAsync(2, PeerLink(peer), $"10.200.{peer}.2/24");
        }
        for (var peer = 0; peer < peers; peer++)
            await Cable.WaitForAnswerAsync($"{AddressOf(peer)}");
        return centre;
    }

    private static WireGuardSecret NewKey() => new(RandomNumberGenerator.GetBytes(WireGuardKey.Length));

    private static string CentreLink(int peer) => $"mo-c{peer}";

    private static string PeerLink(int peer) => $"mo-p{peer}";

    private static string PeerTunnel(int peer) => $"198.19.0.{peer + 1}";

    private static ushort PortOf(int peer) => (ushort)(CentrePort + 1 + peer);

    private string DirectoryOf(string engine) => Path.Combine(cable.Directory, "star", engine);

    private string SocketOf(string engine) => Path.Combine(DirectoryOf(engine), "dataplane.sock");

    private async Task<Process> StartEngineAsync(int end, string engine)
    {
        var directory = DirectoryOf(engine);
        var process = cable.Start(
            end, LabPrograms.Meshover, "dataplane", "--run-dir", directory, "--state-dir", directory, "--uapi-dir", directory);
        await Cable.WaitForFileAsync(SocketOf(engine));
        return process;
    }

    private async Task<DataplaneConfig> CentreConfigAsync()
    {
        var config = Config("mo-centre", _centreKey, CentrePort);
        for (var peer = 0; peer < peers; peer++)
        {
            config = config with
            {
                Peers = config.Peers.Add(new PeerConfig
                {
                    PublicKey = await cable.PublicKeyAsync(_peerKeys[peer]),
                    Endpoint = new IPEndPoint(IPAddress.Parse(Cable.Address(2)), PortOf(peer)),
                    AllowedIps = [IPNetwork.Parse($"{PeerTunnel(peer)}/32")],
                    Link = Link(CentreLink(peer), CentreTunnel, PeerTunnel(peer)),
                }),
            };
        }
        return config;
    }

    private async Task<DataplaneConfig> PeerConfigAsync(int peer) => Config($"mo-m{peer}", _peerKeys[peer], PortOf(peer)) with
    {
        Peers = [new PeerConfig
        {
            PublicKey = await cable.PublicKeyAsync(_centreKey),
            Endpoint = new IPEndPoint(IPAddress.Parse(Cable.Address(1)), CentrePort),
            AllowedIps = [IPNetwork.Parse($"{CentreTunnel}/32")],
            Link = Link(PeerLink(peer), PeerTunnel(peer), CentreTunnel),
        }],
    };

    private static DataplaneConfig Config(string device, WireGuardSecret key, ushort port) => new()
    {
        Interface = device,
        PrivateKey = key,
        ListenPort = port,
        Mtu = 1420,
    };

    private static LinkConfig Link(string name, string local, string remote) => new()
    {
        Name = name,
        Mtu = 1396,
        LocalTunnel = IPAddress.Parse(local),
        RemoteTunnel = IPAddress.Parse(remote),
    };
}
