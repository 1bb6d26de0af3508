using System.Net;
using System.Security.Cryptography;
using Meshover.WireGuard;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.LabTests.WireGuard;

/// <summary>
/// An engine of this process in a namespace: its threads are made there, so its devices and sockets are there. Number i has the tunnel
/// address
/// 198.18.0.i and, on a link to number j, 10.99.j.i... of the test's own making.
/// </summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private readonly Wire _wire;
    private readonly int _end;
    private readonly TimeProvider _time;
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-engine-").FullName;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    // All tests may be run with so many workers: what holds for one must hold for several.
    private static readonly int DefaultWorkers =
        int.TryParse(Environment.GetEnvironmentVariable("MESHOVER_TEST_WORKERS"), out var workers) ? workers : 0;

    public EngineHost(Wire wire, int end, TimeProvider? time = null, OffloadKinds offloads = OffloadKinds.All, int workers = 0)
    {
        _wire = wire;
        _end = end;
        _time = time ?? TimeProvider.System;
        PrivateKey = new WireGuardSecret(RandomNumberGenerator.GetBytes(32));
        Span<byte> key = stackalloc byte[32];
        X25519.PublicFromPrivate(PrivateKey.Bytes, key);
        PublicKey = new WireGuardKey(key);
        Options = new DataplaneOptions
        {
            SocketPath = Path.Combine(_directory, "engine.sock"),
            StatePath = Path.Combine(_directory, "engine.json"),
            TimestampPath = Path.Combine(_directory, "tai64n"),
            UapiDirectory = Path.Combine(_directory, "uapi"),
            OffloadKinds = offloads,
            Workers = workers == 0 ? DefaultWorkers : workers,
        };
        Client = new DataplaneClient(Options.SocketPath);
        Start();
    }

    public DataplaneOptions Options { get; }

    public DataplaneClient Client { get; }

    public WireGuardSecret PrivateKey { get; }

    public WireGuardKey PublicKey { get; }

    public static string Tunnel(int end) => $"198.18.0.{end}";

    /// <summary>
    /// A configuration of this engine; the main device is <c>mh-TEST</c>, unique on this machine, since UAPI sockets are.
    /// </summary>
    public DataplaneConfig Config(params PeerConfig[] peers) => new()
    {
        Interface = "meshover0",
        PrivateKey = PrivateKey,
        ListenPort = 12912,
        FirewallMark = 0x6d,
        Mtu = 1420,
        Peers = [.. peers],
    };

    /// <summary>This engine as another's peer, with a link to it.</summary>
    public PeerConfig AsPeerOf(int other, bool link = true, bool v6 = false, bool endpoint = true) => new()
    {
        PublicKey = PublicKey,
        Endpoint = endpoint ? new IPEndPoint(Wire.Address(_end, v6), 12912) : null,
        AllowedIps = [IPNetwork.Parse($"{Tunnel(_end)}/32"), IPNetwork.Parse($"fd18::{_end}/128")],
        Link = link
            ? new LinkConfig
            {
                Name = $"mo-{_end:x8}",
                Alias = $"number {_end}",
                Mtu = 1396,
                LocalTunnel = IPAddress.Parse(Tunnel(other)),
                RemoteTunnel = IPAddress.Parse(Tunnel(_end)),
            }
            : null,
    };

    /// <summary>Applies, and gives the main device its tunnel addresses.</summary>
    public async Task ApplyAsync(DataplaneConfig config)
    {
        await Client.ApplyAsync(config);
        await _wire.IpAsync(_end, "addr", "replace", $"{Tunnel(_end)}/24", "dev", config.Interface);
        await _wire.IpAsync(_end, "addr", "replace", $"fd18::{_end}/64", "dev", config.Interface, "nodad");
    }

    public async Task<PeerStatus> PeerAsync() => (await Client.GetStatusAsync()).Peers[0];

    /// <summary>Ends the engine as SIGTERM would: its devices stay.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    public void Start()
    {
        _stop = new CancellationTokenSource();
        _running = _wire.In(_end, () => DataplaneDaemon.RunAsync(Options, NullLoggerFactory.Instance, _time, _stop.Token));
    }

    /// <summary>Completes when the engine has ended by itself.</summary>
    public Task Running => _running;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
