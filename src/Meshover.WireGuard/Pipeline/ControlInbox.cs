using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>What the workers tell the control thread: handshake messages that arrived, and what a peer's packets need.</summary>
/// <param name="workers">How many receive workers there are.</param>
internal sealed class ControlInbox(int workers = 1) : IDisposable
{
    private readonly ConcurrentQueue<PeerSignal> _signals = new();
    private readonly AutoResetEvent _wake = new(initialState: false);

    /// <summary>One for each receive worker, which fills it.</summary>
    public IReadOnlyList<HandshakeQueue> Handshakes { get; } = [.. Enumerable.Range(0, workers).Select(_ => new HandshakeQueue())];

    /// <summary>Any thread. Rare by nature: once a session, or per peer some times a second.</summary>
    public void Post(PeerSignal signal)
    {
        _signals.Enqueue(signal);
        _wake.Set();
    }

    /// <summary>Signals that wait.</summary>
    public int Waiting => _signals.Count;

    /// <summary>Something waits to be taken.</summary>
    public bool HasMore => !_signals.IsEmpty || Handshakes.Any(queue => queue.Count > 0);

    public bool TryTake(out PeerSignal signal) => _signals.TryDequeue(out signal);

    /// <summary>Wakes the control thread for something that it will find.</summary>
    public void Wake() => _wake.Set();

    /// <summary>The control thread: blocks until woken, or for that long. False: nobody woke it.</summary>
    public bool Wait(TimeSpan atMost) => _wake.WaitOne(atMost);

    public void Dispose() => _wake.Dispose();
}

/// <summary>What a worker found out about a peer.</summary>
[StructLayout(LayoutKind.Auto)]
/// <param name="Session">Whose.</param>
/// <param name="Confirmed">The peer has used this session that we answered.</param>
/// <param name="Moved">Its packets come from, or to, another address than before.</param>
internal readonly record struct PeerSignal(PeerSession Session, Keypair? Confirmed = null, bool Moved = false)
{
    /// <summary>There are packets and no keys to send them with.</summary>
    public bool NeedsHandshake => Confirmed is null && !Moved;
}

/// <summary>
/// Handshake datagrams on their way from a receive worker to the control thread: a ring of fixed places, one writer, one reader, no
/// locks.
/// </summary>
internal sealed class HandshakeQueue
{
    /// <summary>
    /// Far more than answer at the pace at which an engine calls its peers (<see cref="HandshakePacer"/>); beyond it a flood is dropped
    /// before it costs a key agreement.
    /// </summary>
    public const int Capacity = 1024;

    /// <summary>The longest handshake message, an initiation.</summary>
    public const int MaxMessage = 148;

    private const int PlaceSize = MaxMessage + UdpAddress.RawLength;

    private readonly byte[] _places = new byte[Capacity * PlaceSize];
    private readonly int[] _lengths = new int[Capacity];
    private int _written;
    private int _read;
    private int _initiationsWritten;
    private int _initiationsRead;

    public int Count => Volatile.Read(ref _written) - Volatile.Read(ref _read);

    /// <summary>How many of them begin a handshake; the reader.</summary>
    public int Initiations => Volatile.Read(ref _initiationsWritten) - _initiationsRead;

    /// <summary>The writer. False if it is full, or no handshake message is that long.</summary>
    public bool TryAdd(ReadOnlySpan<byte> message, ReadOnlySpan<byte> source)
    {
        if (message.Length > MaxMessage || Count == Capacity)
            return false;
        var place = Place(_written);
        message.CopyTo(place);
        source[..UdpAddress.RawLength].CopyTo(place[MaxMessage..]);
        _lengths[(uint)_written % Capacity] = message.Length;
        if (IsInitiation(message))
            Volatile.Write(ref _initiationsWritten, _initiationsWritten + 1);
        Volatile.Write(ref _written, _written + 1);
        Interlocked.MemoryBarrier(); // with the one in Remove: one of both ends sees what the other has just done
        return true;
    }

    /// <summary>The reader: the oldest one, which stays valid until <see cref="Remove"/>.</summary>
    public bool TryPeek(out ReadOnlySpan<byte> message, out ReadOnlySpan<byte> source)
    {
        message = default;
        source = default;
        if (Count == 0)
            return false;
        var place = Place(_read);
        message = place[.._lengths[(uint)_read % Capacity]];
        source = place[MaxMessage..];
        return true;
    }

    public void Remove()
    {
        if (IsInitiation(Place(_read)[.._lengths[(uint)_read % Capacity]]))
            _initiationsRead++;
        Volatile.Write(ref _read, _read + 1);
        Interlocked.MemoryBarrier();
    }

    private static bool IsInitiation(ReadOnlySpan<byte> message) => message is [(byte)MessageType.Initiation, ..];

    private Span<byte> Place(int position) => _places.AsSpan((int)((uint)position % Capacity) * PlaceSize, PlaceSize);
}
