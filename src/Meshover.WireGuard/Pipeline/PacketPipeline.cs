using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

// The way of a packet.
//
// Out, on a send worker (SendWorker, Segmenter, SendBatch, SendRuns):
//   1. epoll says which TUN devices have packets; each is read without waiting until it is empty or has had its turn. A frame is
//      a vnet header and up to 64 KiB that the kernel has left uncut.
//   2. The peer: a link's device belongs to one; on the main device the longest prefix of the AllowedIPs finds it.
//   3. The segmenter cuts the frame into packets of the wire's size, each valid by itself, straight into the batch's buffer; on a
//      link a GRE header goes in front of each, between the tunnel addresses. Without a session the packet is staged and a
//      handshake asked for.
//   4. The batch seals its packets in place and sends them: runs of equal size as one segmented datagram (UDP_SEGMENT), all runs
//      by one sendmmsg.
//
// In, on a receive worker (ReceiveWorker, OpenBatch, Delivery, Coalescer):
//   5. recvmmsg on its IPv4 and its IPv6 socket, each buffer a run of equal datagrams of one source (UDP_GRO).
//   6. The receiver index finds the session. Handshake messages have other sockets, which the control thread reads (HandshakeReceiver).
//   7. Packets of one session from one source are opened in place together; then the replay window, one by one. The first packet of
//      a session confirms it; the source of an authentic packet is where the peer is.
//   8. GRE from the peer's tunnel address to ours, strictly as it must be, goes to the peer's link without its outer headers; all
//      else must have a source that the peer is allowed, and goes to the main device.
//   9. Packets of one flow in a row are joined and written to the device as one.
//
// Who owns what:
//   - There are as many send workers as receive workers (WorkerCount), and a peer belongs to one of each, by one number (Peer.Worker).
//   - A send worker: nonces and send ciphers of its peers, their staged packets, their links' devices, a socket, a batch. Number 0 also
//     reads the main device, and hands the others the frames for their peers (FrameRing).
//   - A receive worker: replay windows and receive ciphers of its peers, a coalescer. Its peers' receiver indices are of one class
//     (IndexTable), by which the kernel steers packets to its socket (ReceiveSteering).
//   - The control thread (Control/EngineLoop): handshakes and a socket for them, timers, configuration, devices, all sockets' lives.
//   - What a worker needs of another's is a reference that its owner replaces whole (PipelineState, Peer), or a counter that it
//     alone writes. No locks.
//   - What the control thread takes away is disposed of once all workers have left the pass they were in (KeyReclaimer, Graveyard).
//   - Towards the workers: SendWorker.Post. From them: ControlInbox. Both are for rare things. Per packet nothing is allocated,
//     locked or logged.

/// <summary>The threads that carry packets, and what the control thread may do to them. All methods are the control thread's.</summary>
internal sealed class PacketPipeline : IDisposable
{
    // The kernel takes some 20 ms to delete a device. No more: meanwhile no handshake is answered.
    private static readonly TimeSpan DeletionPatience = TimeSpan.FromSeconds(1);
    private const int DeviceBusy = 16; // EBUSY

    private readonly ReplyPaths _replyPaths = new();
    private readonly Graveyard _graveyard;
    private readonly SendWorker[] _senders;
    private readonly ReceiveWorker[] _receivers;
    private readonly int[] _peersOf;
    private readonly Dictionary<FrameSink, (SendWorker Sender, TunSource Source)> _sources = [];
    private readonly Thread[] _threads;

    // Of the devices and sockets that were let go of: a count never goes down.
    private long _refusedBefore;
    private long _socketFullBefore;
    private long _controlFullBefore;

    /// <param name="inbox">Has a queue for each worker, and so says how many there are.</param>
    /// <param name="indices">Makes the table of receiver indices, given the workers' gates.</param>
    public PacketPipeline(EngineClock clock, ControlInbox inbox, Func<IReadOnlyList<WorkerGate>, IndexTable> indices)
    {
        var workers = inbox.Workers;
        WorkerGate[] gates = [.. Enumerable.Range(0, 2 * workers).Select(_ => new WorkerGate())];
        _graveyard = new Graveyard(gates);
        State = new PipelineState { Workers = workers, Clock = clock, Inbox = inbox, Indices = indices(gates) };
        _senders = [.. Enumerable.Range(0, workers).Select(number => new SendWorker(State, gates[number], number))];
        _receivers = [.. Enumerable.Range(0, workers).Select(number => new ReceiveWorker(State, gates[workers + number], number))];
        _peersOf = new int[workers];
        Handshakes = new HandshakeReceiver(State);
        foreach (var sender in _senders)
            sender.Join(_senders);
        _threads =
        [
            .. _senders.Select((sender, number) => NewThread($"send-{number}", sender.Run)),
            .. _receivers.Select((receiver, number) => NewThread($"receive-{number}", receiver.Run)),
        ];
    }

    public PipelineState State { get; }

    /// <summary>What comes in for the control thread.</summary>
    public HandshakeReceiver Handshakes { get; }

    public void Start()
    {
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <summary>The number for a new peer: of the worker that has the fewest.</summary>
    public int TakeWorker()
    {
        var worker = Array.IndexOf(_peersOf, _peersOf.Min());
        _peersOf[worker]++;
        return worker;
    }

    /// <summary>Lets go of a peer: its link, and what waits for it.</summary>
    public void Remove(Peer peer)
    {
        RemoveLink(peer);
        peer.IsRemoved = true;
        Post(peer, SendTask.DropStaged);
        _peersOf[peer.Worker]--;
    }

    /// <summary>Has the peer's send worker do something for it.</summary>
    public void Post(Peer peer, SendTask task) => _senders[peer.Worker].Post(peer, task);

    /// <summary>The firewall mark of the sockets; 0 for none.</summary>
    public void SetMark(uint mark)
    {
        State.Udp?.SetMark(mark);
        _replyPaths.Mark = mark;
    }

    /// <summary>Sends a peer a packet that must not be fragmented on its way.</summary>
    public void Probe(Peer peer, byte[] packet) => _senders[peer.Worker].Post(peer, SendTask.Probe, packet);

    /// <summary>Uses these sockets from now on; those before are closed.</summary>
    public void SetUdp(UdpPort port)
    {
        var former = State.Udp;
        State.Udp = port;
        State.Inbox.Attach(port);
        foreach (var receiver in _receivers)
            receiver.Attach(port);
        if (former is null)
            return;
        State.Inbox.Detach(former);
        foreach (var receiver in _receivers)
            receiver.Detach(former);
        _socketFullBefore += former.ReadDrops();
        _controlFullBefore += former.ReadControlDrops();
        _graveyard.Bury(former);
    }

    /// <summary>Uses this main device from now on. The one before is only let go of.</summary>
    public void SetMain(TunPort port)
    {
        if (State.Main is { } former)
            Detach(former);
        State.Main = port;
        Attach(port, _senders[0], peer: null, gre: null);
    }

    /// <summary>Gives a peer its link. The device before is only let go of.</summary>
    public void SetLink(Peer peer, TunPort port, GreHeader gre)
    {
        ReplaceLink(peer, new PeerLink(port, gre));
        Attach(port, _senders[peer.Worker], peer, gre);
    }

    /// <summary>Takes a peer's link away, if it has one. The device is only let go of.</summary>
    public void RemoveLink(Peer peer) => ReplaceLink(peer, null);

    /// <summary>Looks whether the peer can be answered the way that its packets come.</summary>
    public void CheckReplyPath(Peer peer)
    {
        if (peer.Endpoint is { } endpoint)
            _replyPaths.Check(endpoint);
    }

    /// <summary>Closes a device that nothing uses any more, and deletes it.</summary>
    public void Delete(TunPort port)
    {
        Detach(port);
        port.DeleteOnDispose();
        _graveyard.Bury(port);
    }

    /// <summary>
    /// A device that was to be deleted and is wanted again, as it was; null if there is none. One that is being deleted in this moment is waited
    /// for: then its name is free.
    /// </summary>
    /// <exception cref="IoException">That takes too long.</exception>
    public TunPort? TakeBack(string name)
    {
        bool IsIt(IDisposable what) => what is TunPort { IsLost: false } port && string.Equals(port.Name, name, StringComparison.Ordinal);
        if (_graveyard.TakeBack(IsIt) is TunPort found)
        {
            if (found.TryKeep())
                return found;
            _graveyard.Bury(found);
        }
        return _graveyard.WaitUntilDisposed(IsIt, DeletionPatience)
            ? null
            : throw new IoException($"make the device {name} anew while it is being deleted", DeviceBusy);
    }

    /// <summary>Packets dropped for this reason.</summary>
    public long Drops(DropReason reason) =>
        _senders.Sum(sender => sender.Drops[reason]) + _receivers.Sum(receiver => receiver.Drops[reason]) + Handshakes.Drops[reason]
        + reason switch
        {
            DropReason.DeviceRefused => _refusedBefore + _sources.Values.Sum(read => read.Source.Port.Refused),
            DropReason.SocketFull => _socketFullBefore + (State.Udp?.ReadDrops() ?? 0),
            DropReason.HandshakeQueueFull => _controlFullBefore + (State.Udp?.ReadControlDrops() ?? 0),
            _ => 0,
        };

    /// <summary>Disposes of what the workers have let go; at each tick.</summary>
    public void Sweep() => _graveyard.Sweep();

    /// <summary>Stops the threads and closes everything that was taken away before; what is in use is its owner's to close.</summary>
    public void Stop()
    {
        foreach (var sender in _senders)
            sender.Stop();
        foreach (var receiver in _receivers)
            receiver.Stop();
        foreach (var thread in _threads)
            thread.Join();
        State.Udp?.Dispose();
        _graveyard.Clear();
    }

    public void Dispose()
    {
        foreach (var sender in _senders)
            sender.Dispose();
        foreach (var receiver in _receivers)
            receiver.Dispose();
        Handshakes.Dispose();
        _replyPaths.Dispose();
    }

    private void ReplaceLink(Peer peer, PeerLink? link)
    {
        var former = peer.Link;
        peer.Link = link;
        if (former is not null)
        {
            // The device may be another peer's by now.
            if (_sources.TryGetValue(former.Device, out var read) && read.Source.Peer == peer)
                Detach(former.Device);
            _graveyard.Bury(former.Gre);
        }
    }

    private void Attach(TunPort port, SendWorker sender, Peer? peer, GreHeader? gre)
    {
        Detach(port); // a link may go from one peer to another, when a node's key changes
        _refusedBefore -= port.Refused; // it goes on counting
        _sources[port] = (sender, sender.Attach(port, peer, gre));
    }

    private void Detach(FrameSink device)
    {
        if (!_sources.Remove(device, out var read))
            return;
        read.Sender.Detach(read.Source);
        _refusedBefore += read.Source.Port.Refused;
    }

    private static Thread NewThread(string name, ThreadStart body) =>
        new(body) { Name = $"meshover-{name}", IsBackground = true };
}
