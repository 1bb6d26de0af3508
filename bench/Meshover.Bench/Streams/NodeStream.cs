using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Google.Protobuf;
using Meshover.Agent.ControllerLink;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.Bench.Streams;

/// <summary>What an agent does about its controller, without a node behind it: follows, and comes back with the agent's own patience and jitter.</summary>
internal sealed class NodeStream(StreamIdentity identity, int number, int port)
{
    private const string Follow = "/meshover.v1.MeshService/Follow";
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(10);
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly string _instance = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private readonly Backoff _backoff = new(FirstRetry, LongestRetry, static () => RandomNumberGenerator.GetInt32(1000) / 1000.0);
    private Http2Stream? _stream;
    private long _revision;
    private long _arrived;
    private long _helloed;
    private long _failures;

    /// <summary>Of its map: what it was last sent.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>The store that its map is of; empty: it has none.</summary>
    public string StoreId { get; private set; } = "";

    /// <summary>When that came; a timestamp.</summary>
    public long Arrived => Volatile.Read(ref _arrived);

    /// <summary>When the controller greeted the present connection; 0: there is none.</summary>
    public long Helloed => Volatile.Read(ref _helloed);

    /// <summary>How many connections came to nothing.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Follows until it is cancelled.</summary>
    /// <param name="first">How long to wait at first.</param>
    /// <param name="ct">Ends it.</param>
    public async Task RunAsync(TimeSpan first, CancellationToken ct)
    {
        await Task.Delay(first, Time, ct);
        while (true)
        {
            try
            {
                await FollowAsync(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested && e is IOException or SocketException or AuthenticationException or OperationCanceledException)
            {
                // As an agent does: another try.
            }
            ct.ThrowIfCancellationRequested();
            if (Helloed == 0)
                Interlocked.Increment(ref _failures);
            else if (Time.GetElapsedTime(Helloed) > Lasting)
                _backoff.Reset();
            (_helloed, _stream) = (0, null);
            await Task.Delay(_backoff.Next(), Time, ct);
        }
    }

    /// <summary>Says how it stands, as agents do each 30 s.</summary>
    public async Task SummariseAsync(NodeSummary summary, CancellationToken ct)
    {
        if (_stream is not { } stream || Helloed == 0)
            return;
        try
        {
            await stream.SendMessageAsync(new NodeMessage { Status = new NodeStatus { Summary = summary } }.ToByteArray(), ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The reader sees it, too.
        }
    }

    /// <summary>Opens a stream that takes nothing from the controller beyond the first bytes.</summary>
    public async Task<IAsyncDisposable> StallAsync(CancellationToken ct)
    {
        var stream = new Http2Stream(await Connections.OpenAsync(identity, port, ct));
        await stream.BeginAsync(Follow, window: 1024, ct);
        await stream.SendMessageAsync(HelloMessage(), ct);
        _ = stream.ReadAsync(static _ => { }, ct); // of the connection, else its pings were not answered
        return stream;
    }

    private async Task FollowAsync(CancellationToken ct)
    {
        await using var stream = new Http2Stream(await Connections.OpenAsync(identity, port, ct));
        await stream.BeginAsync(Follow, int.MaxValue, ct);
        await stream.SendMessageAsync(HelloMessage(), ct);
        _stream = stream;
        await stream.ReadAsync(Take, ct);
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        var head = MessageHead.Read(bytes);
        if (head.Kind == ControllerMessage.HelloFieldNumber)
            Volatile.Write(ref _helloed, Time.GetTimestamp());
        if (head.Revision == 0)
            return;
        if (head.StoreId.Length > 0)
            StoreId = head.StoreId;
        Volatile.Write(ref _arrived, Time.GetTimestamp());
        Volatile.Write(ref _revision, head.Revision);
    }

    private byte[] HelloMessage() => new NodeMessage
    {
        Hello = new NodeHello
        {
            Hello = new Hello { Version = "0.1.0", Contract = ContractRevision.Current, ContractOldest = ContractRevision.Oldest },
            Credential = identity.Credential,
            StoreId = StoreId,
            Revision = Revision,
            InstanceId = _instance,
            Status = new NodeStatus
            {
                Hostname = identity.HostName,
                Endpoints = new EndpointList { Endpoints = { EndpointOf(number) } },
                ListenPort = 12912,
                Summary = new NodeSummary { Peers = 1, PeersUp = 1 },
            },
        },
    }.ToByteArray();

    /// <summary>Where a node is on the underlay.</summary>
    public static Endpoint EndpointOf(int number) =>
        new() { Address = $"172.20.{number >> 8}.{number & 255}", Port = 12912, Kind = Endpoint.Types.Kind.Interface };
}
