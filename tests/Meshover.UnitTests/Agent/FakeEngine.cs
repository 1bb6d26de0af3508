using System.Collections.Immutable;
using Meshover.Agent.Reconciling.Dataplane;
using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Linux.WireGuard;
using Meshover.UnitTests.Linux;
using Meshover.Linux.LocalSockets;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent;

/// <summary>A data plane that carries no packet: it speaks the engine's protocol on a socket, keeps what it is told and shows it.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-engine").FullName;
    private readonly Lock _lock = new();
    private readonly List<string> _requests = [];
    private UnixListener? _listener;

    public FakeEngine()
    {
        Client = new DataplaneClient(Path.Combine(_directory, "dataplane.sock"));
        Start();
    }

    public DataplaneClient Client { get; }

    /// <summary>It as the data plane of an agent, on a machine whose kernel carries nothing.</summary>
    public DataplaneSelection Selection(IRouteNetlink machine) => new(
        new UserspaceDataplane(Client, machine),
        new KernelDataplane(machine, new WireGuardNetlink(new FakeNetlinkTransport()), SysctlMemory.In("/nowhere", new KernelSysctls()), TimeProvider.System),
        Reason: "");

    /// <summary>What it runs; null before the first configuration.</summary>
    public DataplaneConfig? Config { get; set; }

    /// <summary>Answered to everything but questions, where set.</summary>
    public ControlResponse? Refusal { get; set; }

    /// <summary>How long ago each peer was heard, in milliseconds; those that are not named were never.</summary>
    public Dictionary<WireGuardKey, long> HeardAgoMs { get; } = [];

    /// <summary>What was asked for since the last call, questions left out.</summary>
    public string[] TakeRequests()
    {
        lock (_lock)
        {
            string[] taken = [.. _requests];
            _requests.Clear();
            return taken;
        }
    }

    public void Start() => _listener = new UnixListener(Path.Combine(_directory, "dataplane.sock"), ServeAsync, TimeProvider.System, NullLogger.Instance);

    /// <summary>As when it is killed: its socket answers no more, and what it ran is forgotten.</summary>
    public async Task StopAsync()
    {
        await _listener!.DisposeAsync();
        _listener.Unlink();
        Config = null;
    }

    public async ValueTask DisposeAsync()
    {
        await _listener!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private Task ServeAsync(Stream stream, CancellationToken cancellationToken) =>
        new JsonServer<ControlRequest, ControlResponse>(
            ControlProtocol.Terms, ControlJson.Default.ControlRequest, ControlJson.Default.ControlResponse, reason => ControlResponse.Fail(DataplaneError.Refused, reason),
            (request, _) => Task.FromResult(Answer(request))).ServeAsync(stream, cancellationToken, cancellationToken);

    private ControlResponse Answer(ControlRequest request)
    {
        lock (_lock)
            return AnswerLocked(request);
    }

    private ControlResponse AnswerLocked(ControlRequest request)
    {
        if (Operation(request) == ControlOperation.Status)
            return new ControlResponse { Status = Status() };
        _requests.Add(Describe(request));
        if (Refusal is not null)
            return Refusal;
        Config = Operation(request) switch
        {
            ControlOperation.Apply => request.Config!,
            ControlOperation.Update => Config! with
            {
                Peers = [.. Config.Peers.Where(peer => !request.Removed.Contains(peer.PublicKey) && request.Upserts.All(other => other.PublicKey != peer.PublicKey)), .. request.Upserts],
            },
            _ => Config! with { Peers = [.. Config.Peers.Select(peer => peer.PublicKey == request.Key ? peer with { Endpoint = request.Endpoint } : peer)] },
        };
        return new ControlResponse();
    }

    private DataplaneStatus Status() => new()
    {
        Version = "test",
        Interface = Config?.Interface,
        PublicKey = Config?.PrivateKey.PublicKey,
        ListenPort = Config?.ListenPort ?? 0,
        Peers = [.. (Config?.Peers ?? []).Select(peer => new PeerStatus
        {
            PublicKey = peer.PublicKey,
            Endpoint = peer.Endpoint,
            LastHandshakeAgeMs = HeardAgoMs.GetValueOrDefault(peer.PublicKey, -1),
            LastReceiveAgeMs = HeardAgoMs.GetValueOrDefault(peer.PublicKey, -1),
            RxBytes = 0,
            TxBytes = 0,
        })],
    };

    private static string Describe(ControlRequest request) => Operation(request) switch
    {
        ControlOperation.Apply => $"apply {Names(request.Config!.Peers)}",
        ControlOperation.Update => $"update {Names(request.Upserts)} without {string.Join(' ', request.Removed.Select(Name))}".TrimEnd(),
        ControlOperation.SetEndpoint => $"call {Name(request.Key!.Value)} at {request.Endpoint}",
        _ => request.Operation,
    };

    private static ControlOperation Operation(ControlRequest request) => Enum.Parse<ControlOperation>(request.Operation);

    private static string Names(ImmutableArray<PeerConfig> peers) => string.Join(' ', peers.Select(peer => Name(peer.PublicKey)));

    // The keys of TestMesh begin with the node's number.
    private static string Name(WireGuardKey key) => $"n{key.Bytes[0]}";
}
