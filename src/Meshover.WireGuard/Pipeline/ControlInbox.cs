using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// What wakes the control thread: handshakes on the sockets that are its own, and what the workers tell it of their peers' packets.
/// </summary>
internal sealed class ControlInbox : IDisposable
{
    // How many handshakes a worker may have found that the control thread has not come to yet.
    private const int MaxStrays = 64;

    private const uint WakeKey = 0;
    private const uint SocketKey = 1;

    private readonly ConcurrentQueue<PeerSignal> _signals = new();
    private readonly Epoll _epoll = new();
    private readonly WakeSignal _wake = new();

    /// <param name="workers">How many receive workers there are.</param>
    public ControlInbox(int workers = 1)
    {
        Strays = [.. Enumerable.Range(0, workers).Select(_ => new HandshakeQueue(MaxStrays))];
        _epoll.Add(_wake.Descriptor, WakeKey);
    }

    /// <summary>How many receive workers there are.</summary>
    public int Workers => Strays.Count;

    /// <summary>
    /// Handshakes that came to a receive worker, since the kernel had joined them to packets of the same sender (UDP_GRO): one queue for
    /// each, which fills it.
    /// </summary>
    public IReadOnlyList<HandshakeQueue> Strays { get; }

    /// <summary>Any thread. Rare by nature: once a session, or per peer some times a second.</summary>
    public void Post(PeerSignal signal)
    {
        _signals.Enqueue(signal);
        _wake.Set();
    }

    /// <summary>Signals that wait.</summary>
    public int Waiting => _signals.Count;

    /// <summary>Something waits to be taken, besides what is in the sockets.</summary>
    public bool HasMore => !_signals.IsEmpty || Strays.Any(queue => queue.Count > 0);

    public bool TryTake(out PeerSignal signal) => _signals.TryDequeue(out signal);

    /// <summary>Wakes the control thread for something that it will find.</summary>
    public void Wake() => _wake.Set();

    /// <summary>The control thread: datagrams in the port's own sockets for it wake it, too.</summary>
    public void Attach(UdpPort port)
    {
        foreach (var socket in port.ControlSockets)
            _epoll.Add(socket.Descriptor, SocketKey + (uint)socket.Descriptor);
    }

    /// <summary>The control thread: takes <see cref="Attach"/> back.</summary>
    public void Detach(UdpPort port)
    {
        foreach (var socket in port.ControlSockets)
            _epoll.Remove(socket.Descriptor);
    }

    /// <summary>The control thread: blocks until woken, or for that long. False: nobody woke it.</summary>
    public bool Wait(TimeSpan atMost)
    {
        var events = _epoll.Wait((int)atMost.TotalMilliseconds);
        foreach (var one in events)
        {
            if (one.Key == WakeKey)
                _wake.Reset();
        }
        return events.Length > 0;
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }
}

/// <summary>What a worker found out about a peer.</summary>
[StructLayout(LayoutKind.Auto)]
/// <param name="Session">Whose.</param>
/// <param name="Confirmed">The peer has used this session that we answered.</param>
/// <param name="Moved">Its packets come from, or to, another address than before.</param>
internal readonly record struct PeerSignal(PeerSession Session, TransportSession? Confirmed = null, bool Moved = false)
{
    /// <summary>There are packets and no keys to send them with.</summary>
    public bool NeedsHandshake => Confirmed is null && !Moved;
}
