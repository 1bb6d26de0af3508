using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading.Channels;
using Meshover.Agent.Diagnosing;
using Meshover.Linux.Icmp;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Reporting;

/// <summary>
/// Measures the round trip over each link: an ICMPv6 echo to the peer's link-local address (RFC 4443, section 4.1), each peer
/// every 5 s, less often in a mesh so large that it would be more than 250 at once. One raw socket serves all; they are asked together, since their
/// answers then come together and wake this process a few times and not for each. What the answers say of a link's quality is <see cref="LinkGauge"/>'s to judge: one that
/// wants a closer look gets some echoes in quick succession.
/// </summary>
internal sealed partial class RttProbe(IRouteNetlink netlink, ILogger logger, TimeProvider time)
{
    private const byte EchoRequest = 128;
    private const byte EchoReply = 129;
    private const int PacketLength = 16;
    private const int TagLength = 8;
    private const int WholeLength = PacketLength + sizeof(uint) + TagLength;
    private const int MostAtOnce = 250;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>While there is no link yet, so that the first round does not wait for the next but one.</summary>
    private static readonly TimeSpan FirstPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Between echoes of a close look, to so many peers at a time at most.</summary>
    private static readonly TimeSpan ClosePeriod = TimeSpan.FromMilliseconds(200);
    private const int MostCloseAtOnce = 100;
    private const int MostCloseEchoes = 24;
    /// <summary>A delay may end a tick of the kernel's clock too early.</summary>
    private static readonly TimeSpan TimerSlack = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ForgetAtFirst = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(30);

    private readonly ushort _identifier = (ushort)Environment.ProcessId;
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly ConcurrentDictionary<NodeId, Measurement> _measured = [];
    private readonly ConcurrentDictionary<NodeId, LinkGauge> _gauges = [];

    /// <summary>Where each was asked last.</summary>
    private readonly ConcurrentDictionary<NodeId, IPAddress> _asked = [];

    /// <summary>One turn stands for all gauges that want a close look.</summary>
    private readonly Channel<bool> _close = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>By peer how many requests in a row were not answered, and when the second and the last of them went out.</summary>
    private readonly ConcurrentDictionary<NodeId, (int Requests, long Second, long Last)> _unanswered = [];
    private NodePlan? _plan;
    private HashSet<NodeId> _peers = [];
    private long _sent;
    private long _lost;
    private int _next;

    /// <summary>A link's quality is another now. Called on any thread, must be quick. Null: qualities are not measured.</summary>
    public Action? QualityChanged { get; init; }

    /// <summary>Of the links that were looked at, and of those of which it was known before.</summary>
    public ImmutableSortedDictionary<NodeId, LinkQuality> Qualities
    {
        get
        {
            var known = ImmutableSortedDictionary.CreateBuilder<NodeId, LinkQuality>();
            foreach (var (peer, gauge) in _gauges)
            {
                lock (gauge)
                {
                    if (gauge.Quality is { } quality)
                        known[peer] = quality;
                }
            }
            return known.ToImmutable();
        }
    }

    /// <summary>What is known of links already.</summary>
    public void Recall(ImmutableSortedDictionary<NodeId, LinkQuality> known)
    {
        foreach (var (peer, quality) in known)
            _gauges[peer] = new LinkGauge(quality);
    }

    public void Post(NodePlan plan)
    {
        var peers = plan.Links.Select(link => link.Peer).ToHashSet();
        Volatile.Write(ref _peers, peers);
        Volatile.Write(ref _plan, plan);
        foreach (var gone in _measured.Keys.Concat(_unanswered.Keys).Concat(_gauges.Keys).Where(peer => !peers.Contains(peer)))
        {
            _measured.TryRemove(gone, out _);
            _unanswered.TryRemove(gone, out _);
            _gauges.TryRemove(gone, out _);
            _asked.TryRemove(gone, out _);
        }
    }

    /// <summary>After two rounds, and half a minute at least.</summary>
    private TimeSpan Forget => Period * Math.Max(ForgetAtFirst / Period, 2 * Math.Ceiling((double)Volatile.Read(ref _peers).Count / MostAtOnce));

    /// <summary>Milliseconds; null while there is no fresh answer.</summary>
    public double? Get(NodeId peer) =>
        _measured.TryGetValue(peer, out var last) && time.GetElapsedTime(last.At) < Forget ? last.Rtt.TotalMilliseconds : null;

    /// <summary>
    /// How it went with echoes to peers that had answered lately: of one that is off each would count as lost, and that is said of its link. For any thread.
    /// </summary>
    public EchoTally Tally
    {
        get
        {
            var fresh = _measured.Values.Where(last => time.GetElapsedTime(last.At) < Forget).ToList();
            return new EchoTally((ulong)Interlocked.Read(ref _sent), (ulong)Interlocked.Read(ref _lost), fresh.Count == 0 ? null : TimeSpan.FromTicks((long)fresh.Average(last => last.Rtt.Ticks)));
        }
    }

    /// <summary>Since the second request in a row that was not answered, for one may be lost any time; null: there is no second.</summary>
    public TimeSpan? Unanswered(NodeId peer) => _unanswered.TryGetValue(peer, out var owed) && owed.Requests > 1 ? time.GetElapsedTime(owed.Second) : null;

    /// <summary>Runs until cancelled: a node that cannot measure (no IPv6, no buffers just now) works all the same, and tries again.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var lastFailure = "";
        while (true)
        {
            var failure = await MeasureAsync(cancellationToken);
            if (failure != lastFailure)
                LogOff(logger, failure);
            lastFailure = failure;
            await Task.Delay(RetryEvery, time, cancellationToken);
        }
    }

    /// <summary>Returns why it cannot go on.</summary>
    private async Task<string> MeasureAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            using var socket = EchoSocket.OpenSocket();
            var (sending, closely) = (SendAsync(socket, stop.Token), LookCloselyAsync(socket, stop.Token));
            try
            {
                await await Task.WhenAny(sending, closely, ReceiveAsync(socket, stop.Token));
            }
            finally
            {
                // Before the next round sends, on a socket of its own.
                await stop.CancelAsync();
                await Task.WhenAll(sending, closely).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            return "";
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }

    private async Task SendAsync(Socket socket, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Volatile.Read(ref _peers).Count == 0 ? FirstPeriod : Period - LinkView.EchoPatience, time, cancellationToken);
            var round = Array.FindAll(NextRound(), link => !IsLookedAt(link.Peer));
            foreach (var link in round)
                TrySend(socket, link);
            if (round.Length == 0)
                continue;
            await Task.Delay(LinkView.EchoPatience, time, cancellationToken);
            foreach (var link in Unanswered(round))
                TrySend(socket, link);
        }
    }

    private async Task LookCloselyAsync(Socket socket, CancellationToken cancellationToken)
    {
        // Those that a former socket left.
        _close.Writer.TryWrite(true);
        while (await _close.Reader.WaitToReadAsync(cancellationToken))
        {
            _close.Reader.TryRead(out _);
            var looks = new Dictionary<NodeId, CloseLook>();
            while (NextClose(looks) is { } due)
            {
                foreach (var link in due)
                    TrySend(socket, link);
                await Task.Delay(ClosePeriod, time, cancellationToken);
            }
        }
    }

    /// <summary>Whom to ask now of those that want a close look: who owes an answer is waited for, as one that is not back counts as lost. Null: there are none.</summary>
    /// <param name="looks">What those were asked that are looked at; is kept up to date.</param>
    internal List<LinkPlan>? NextClose(Dictionary<NodeId, CloseLook> looks)
    {
        var (isAny, due) = (false, new List<LinkPlan>());
        foreach (var link in Volatile.Read(ref _plan)?.Links ?? [])
        {
            if (!IsLookedAt(link.Peer))
            {
                looks.Remove(link.Peer);
                continue;
            }
            isAny = true;
            var look = looks.GetValueOrDefault(link.Peer);
            if (look.Echoes > 0 && _unanswered.ContainsKey(link.Peer) && time.GetElapsedTime(look.Asked) < LinkView.EchoPatience)
                continue;
            if (look.Echoes >= MostCloseEchoes)
            {
                GiveUp(link.Peer);
                looks.Remove(link.Peer);
            }
            else if (due.Count < MostCloseAtOnce)
            {
                due.Add(link);
                looks[link.Peer] = new CloseLook(look.Echoes + 1, time.GetTimestamp());
            }
        }
        return isAny ? due : null;
    }

    private void GiveUp(NodeId peer)
    {
        if (!_gauges.TryGetValue(peer, out var gauge))
            return;
        lock (gauge)
            gauge.GiveUp();
        // One that is bad from the start is judged by it.
        QualityChanged?.Invoke();
    }

    private bool IsLookedAt(NodeId peer)
    {
        if (!_gauges.TryGetValue(peer, out var gauge))
            return false;
        lock (gauge)
            return gauge.IsClose;
    }

    /// <summary>Whom to ask once more in this round: in a large mesh the next may be a minute away.</summary>
    internal IEnumerable<LinkPlan> Unanswered(IEnumerable<LinkPlan> round) => round.Where(link => _unanswered.ContainsKey(link.Peer));

    /// <summary>Whom to ask in this round: all, or as many as go at once in turn.</summary>
    internal LinkPlan[] NextRound()
    {
        if (Volatile.Read(ref _plan) is not { Links: { IsEmpty: false } links })
            return [];
        var first = _next;
        var count = Math.Min(MostAtOnce, links.Length);
        _next = (first + count) % links.Length;
        return [.. Enumerable.Range(first, count).Select(index => links[index % links.Length])];
    }

    private void TrySend(Socket socket, LinkPlan link)
    {
        try
        {
            if (netlink.FindLink(link.Name) is not { IsUp: true } device)
                return;
            var target = new IPAddress(link.Peer.LinkLocal.GetAddressBytes(), device.Index);
            // Before the answer may be there.
            Asked(link.Peer, target);
            socket.SendTo(Request(link.Peer), new IPEndPoint(target, 0));
        }
        catch (Exception e) when (e is SocketException or NetlinkException)
        {
            _measured.TryRemove(link.Peer, out _);
            _unanswered.TryRemove(link.Peer, out _);
        }
    }

    /// <summary>A request went out to a peer.</summary>
    /// <param name="peer">Whom.</param>
    /// <param name="at">Its link-local address, with the link.</param>
    internal void Asked(NodeId peer, IPAddress at)
    {
        var now = time.GetTimestamp();
        _asked[peer] = at;
        if (Get(peer) is not null)
        {
            Interlocked.Increment(ref _sent);
            if (_unanswered.TryGetValue(peer, out var owed) && time.GetElapsedTime(owed.Last, now) >= LinkView.EchoPatience - TimerSlack)
            {
                Interlocked.Increment(ref _lost);
                Judge(peer, rtt: null);
            }
        }
        _unanswered.AddOrUpdate(peer, (1, now, now), (_, former) => (former.Requests + 1, former.Requests == 1 ? now : former.Second, now));
    }

    /// <summary>
    /// The echo carries the peer's number, the time of sending, and a tag over both that only we can make: what comes back needs no memory of
    /// what went out, and is nobody's invention. The kernel writes the checksum (RFC 3542, section 3.1).
    /// </summary>
    internal byte[] Request(NodeId peer)
    {
        var packet = new byte[WholeLength];
        packet[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), _identifier);
        BinaryPrimitives.WriteInt64BigEndian(packet.AsSpan(8), time.GetTimestamp());
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(PacketLength), peer.Value);
        Tag(packet).CopyTo(packet.AsSpan(WholeLength - TagLength));
        return packet;
    }

    private ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> packet) => HMACSHA256.HashData(_secret, packet[8..(WholeLength - TagLength)]).AsSpan(0, TagLength);

    private async Task ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[1500];
        var from = new IPEndPoint(IPAddress.IPv6Any, 0);
        while (true)
        {
            var received = await socket.ReceiveFromAsync(buffer, from, cancellationToken);
            Take(buffer.AsSpan(0, received.ReceivedBytes), ((IPEndPoint)received.RemoteEndPoint).Address);
        }
    }

    /// <summary>Takes what came in: the socket hears every echo reply of the machine.</summary>
    /// <param name="packet">ICMPv6, from its type on.</param>
    /// <param name="from">Its source, with the link that it came by: that of the peer, or it is passed over.</param>
    internal void Take(ReadOnlySpan<byte> packet, IPAddress from)
    {
        if (packet.Length < WholeLength || packet[0] != EchoReply || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != _identifier)
            return;
        var peer = new NodeId(BinaryPrimitives.ReadUInt32BigEndian(packet[PacketLength..]));
        if (!CryptographicOperations.FixedTimeEquals(Tag(packet), packet[(WholeLength - TagLength)..WholeLength]))
            return;
        // A late answer of one that has left, or one that came another way.
        if (!Volatile.Read(ref _peers).Contains(peer) || (_asked.TryGetValue(peer, out var at) && !from.Equals(at)))
            return;
        var now = time.GetTimestamp();
        _unanswered.TryRemove(peer, out _);
        var rtt = time.GetElapsedTime(BinaryPrimitives.ReadInt64BigEndian(packet[8..]), now);
        _measured[peer] = new Measurement(now, rtt);
        Judge(peer, rtt);
    }

    /// <summary>BGP's sessions over these links ended.</summary>
    public void Fell(ImmutableArray<string> links)
    {
        if (links.IsEmpty || QualityChanged is null)
            return;
        var names = links.ToHashSet(StringComparer.Ordinal);
        foreach (var link in Volatile.Read(ref _plan)?.Links ?? [])
        {
            if (names.Contains(link.Name) && _gauges.TryGetValue(link.Peer, out var known))
                Judge(known, gauge => gauge.Fell());
        }
    }

    /// <param name="rtt">Null: an echo was not answered.</param>
    private void Judge(NodeId peer, TimeSpan? rtt)
    {
        if (QualityChanged is null)
            return;
        var known = _gauges.GetOrAdd(peer, _ => new LinkGauge());
        if (rtt is { } took)
            Judge(known, gauge => gauge.Answered(took.TotalMilliseconds));
        else
            Judge(known, gauge => gauge.Missed());
    }

    private void Judge(LinkGauge gauge, Action<LinkGauge> tell)
    {
        bool isChanged, isClose;
        lock (gauge)
        {
            var (former, wasClose) = (gauge.Quality, gauge.IsClose);
            tell(gauge);
            (isChanged, isClose) = (gauge.Quality != former, gauge.IsClose && !wasClose);
        }
        if (isClose)
            _close.Writer.TryWrite(true);
        if (isChanged)
            QualityChanged?.Invoke();
    }

    private sealed record Measurement(long At, TimeSpan Rtt);

    /// <param name="Echoes">So many were sent.</param>
    /// <param name="Asked">When the last of them was.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct CloseLook(int Echoes, long Asked);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round trips are not measured: {Reason}")]
    private static partial void LogOff(ILogger logger, string reason);
}
