using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Processes;
using Meshover.Mesh.Identity;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>
/// BGP speakers that run on this machine (Cilium's, MetalLB's, Calico's BIRD) and dial: what they tell is announced by this node, within its grants. They are
/// told nothing. Heard by the agent and not by bgpd, for which each of their routes would have this machine itself as next hop.
/// </summary>
/// <param name="listen">An address of this machine, and a port.</param>
/// <param name="own">The AS number that they are told.</param>
/// <param name="routerId">What they are told besides; read when a session begins.</param>
/// <param name="file">What they told the agent before.</param>
/// <param name="logger">For what goes wrong.</param>
/// <param name="time">For the timers.</param>
internal sealed partial class SpeakerSource(IPEndPoint listen, Asn own, Func<IPAddress> routerId, SpeakerFile file, ILogger logger, TimeProvider time) : IAnnouncementSource
{
    /// <summary>Sessions at a time: a machine has one or two speakers.</summary>
    private const int MostSessions = 16;

    /// <summary>A burst of UPDATEs is one change.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ListenAgainAfter = TimeSpan.FromSeconds(2);

    /// <summary>After a quiet time a change is on the disk at once; what a crash may lose is younger than this.</summary>
    private static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(2);

    /// <summary>Each refusal would be a change of what all see; whoever likes can dial.</summary>
    private static readonly TimeSpan RefusalEvery = TimeSpan.FromSeconds(5);

    private readonly SpeakerTable _table = new(time);
    private readonly Pulse _changed = new();
    private SourceAnnouncements _current = new($"bgp {listen}", "not listening yet") { Announcements = [] };
    private string? _deaf;

    // The last that went wrong, until a session stands.
    private string? _refused;
    private long _refusedAt = long.MinValue;
    private int _sessions;

    public SourceAnnouncements Current => Volatile.Read(ref _current);

    public Task Changed => _changed.Next;

    /// <summary>Before anything is told to others: what a former agent was told is announced on, until the speakers are back.</summary>
    public void Restore()
    {
        _table.Restore(file.Load());
        Take();
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(ListenAsync(cancellationToken), FollowAsync(cancellationToken), KeepAsync(cancellationToken));

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var listener = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
                listener.Bind(listen);
                listener.Listen();
                Say(ref _deaf, null);
                while (true)
                    Begin(await listener.AcceptAsync(cancellationToken), cancellationToken);
            }
            catch (SocketException e)
            {
                Say(ref _deaf, e.SocketErrorCode == SocketError.AddressAlreadyInUse
                    ? $"nobody can connect: {PortOwner.Describe(ProtocolType.Tcp, listen.Port)} has the port"
                    : $"nobody can connect: {e.Message}");
            }
            await Task.Delay(ListenAgainAfter, time, cancellationToken);
        }
    }

    private void Begin(Socket connection, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _sessions) > MostSessions)
        {
            Interlocked.Decrement(ref _sessions);
            connection.Dispose();
            SayRefused($"a connection was refused: there are {MostSessions} already");
            return;
        }
        _ = Task.Run(() => ServeAsync(connection, cancellationToken), CancellationToken.None);
    }

    /// <summary>Any user of a machine can dial; only its system speaks for it.</summary>
    /// <returns>Null: it may speak.</returns>
    private static string? Refusal(Socket connection)
    {
        var (here, there) = ((IPEndPoint)connection.LocalEndPoint!, (IPEndPoint)connection.RemoteEndPoint!);
        return SocketUser.Of(there, here) switch
        {
            null => "a connection was refused: only speakers on this machine are heard",
            { } user when !SocketUser.IsOfTheSystem(user) => $"a connection was refused: user {user} is no system user (root, or a number below {SocketUser.FirstOfPeople})",
            _ => null,
        };
    }

    private async Task ServeAsync(Socket connection, CancellationToken cancellationToken)
    {
        var session = default(SpeakerSession);
        try
        {
            if (Refusal(connection) is { } refusal)
            {
                SayRefused(refusal);
                return;
            }
            connection.NoDelay = true;
            // A speaker without keepalives of its own.
            connection.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, optionValue: true);
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            session = new SpeakerSession(stream, new BgpOpen(own, SpeakerSession.HoldTime, routerId()), _table, time) { Established = () => Say(ref _refused, null) };
            await session.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            LogFailed(logger, e);
        }
        finally
        {
            connection.Dispose();
            Interlocked.Decrement(ref _sessions);
            if (session?.Ended is { } ended)
                Say(ref _refused, $"the last session ended: {ended}");
        }
    }

    private void SayRefused(string text)
    {
        var now = time.GetTimestamp();
        if (Volatile.Read(ref _refusedAt) is var last && last != long.MinValue && time.GetElapsedTime(last, now) < RefusalEvery)
            return;
        Volatile.Write(ref _refusedAt, now);
        Say(ref _refused, text);
    }

    /// <summary>What was told becomes what is announced.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _table.Changed;
            var next = _table.Expire();
            Take();
            using var due = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(changed, Task.Delay(next ?? Timeout.InfiniteTimeSpan, time, due.Token));
            await due.CancelAsync();
            await Task.Delay(Settling, time, cancellationToken);
        }
    }

    /// <summary>For a later agent; a disk that stalls keeps nothing waiting.</summary>
    private async Task KeepAsync(CancellationToken cancellationToken)
    {
        List<KnownSpeaker> kept = [];
        while (true)
        {
            var changed = _table.Changed;
            kept = Keep(kept);
            await Task.Delay(KeepEvery, time, cancellationToken);
            await changed.WaitAsync(cancellationToken);
        }
    }

    private List<KnownSpeaker> Keep(List<KnownSpeaker> kept)
    {
        var known = _table.Known();
        if (known.Count == kept.Count && known.Zip(kept).All(pair => pair.First.Id == pair.Second.Id && pair.First.As == pair.Second.As && pair.First.Prefixes.SequenceEqual(pair.Second.Prefixes)))
            return kept;
        try
        {
            file.Save(known);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(logger, e.Message); // and is tried again with the next change
            return kept;
        }
        return known;
    }

    private void Say(ref string? place, string? text)
    {
        if (Interlocked.Exchange(ref place, text) != text)
            Take();
    }

    private void Take()
    {
        lock (_changed)
        {
            var found = _table.Found();
            if (Volatile.Read(ref _deaf) is { } deaf)
                found.Note(deaf);
            if (Volatile.Read(ref _refused) is { } refused)
                found.Note(refused);
            var next = found.AsSource(Current.Source);
            if (next == Current)
                return;
            Volatile.Write(ref _current, next);
        }
        _changed.Beat();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A session with a BGP speaker failed")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What BGP speakers told cannot be kept for the next start: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string reason);
}
