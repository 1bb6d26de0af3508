using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

// The way of a packet.
//
// Out, on the send worker (SendWorker, Segmenter, SendBatch, SendRuns):
//   1. epoll says which TUN devices have packets; each is read without waiting until it is empty or has had its turn. A frame is
//      a vnet header and up to 64 KiB that the kernel has left uncut.
//   2. The peer: a link's device belongs to one; on the main device the longest prefix of the AllowedIPs finds it.
//   3. The segmenter cuts the frame into packets of the wire's size, each valid by itself, straight into the batch's buffer; on a
//      link a GRE header goes in front of each, between the tunnel addresses. Without a session the packet is staged and a
//      handshake asked for.
//   4. The batch seals its packets in place and sends them: runs of equal size as one segmented datagram (UDP_SEGMENT), all runs
//      by one sendmmsg.
//
// In, on the receive worker (ReceiveWorker, OpenBatch, Delivery, Coalescer):
//   5. recvmmsg on the IPv4 and the IPv6 socket, each buffer a run of equal datagrams of one source (UDP_GRO).
//   6. Handshake messages go to the control thread's queue. The receiver index of the others finds their keypair.
//   7. Packets of one session from one source are opened in place together; then the replay window, one by one. The first packet of
//      a session confirms it; the source of an authentic packet is where the peer is.
//   8. GRE from the peer's tunnel address to ours, strictly as it must be, goes to the peer's link without its outer headers; all
//      else must have a source that the peer is allowed, and goes to the main device.
//   9. Packets of one flow in a row are joined and written to the device as one.
//
// Who owns what:
//   - The send worker: nonces and send ciphers of all peers, staged packets, the batch. The receive worker: replay windows and
//     receive ciphers, the coalescer. The control thread (Control/EngineLoop): handshakes, timers, configuration, devices, sockets.
//   - What a worker needs of another's is a reference that its owner replaces whole (PipelineState, Peer), or a counter that it
//     alone writes. No locks.
//   - What the control thread takes away is disposed of once both workers have left the pass they were in (KeyReclaimer, Graveyard).
//   - Towards the workers: SendWorker.Post. From them: ControlInbox. Both are for rare things. Per packet nothing is allocated,
//     locked or logged.
//
// Two workers fill two cores. More of them divide the peers: a send worker reads the links of its peers, and hands on what the main
// device gives it for others'; a receive worker owns the indices of one class (IndexTable), to which a filter on SO_REUSEPORT
// sockets steers packets.

/// <summary>The threads that carry packets, and what the control thread may do to them. All methods are the control thread's.</summary>
internal sealed class PacketPipeline : IDisposable
{
    private readonly WorkerGate _sendGate = new();
    private readonly WorkerGate _receiveGate = new();
    private readonly Graveyard _graveyard;
    private readonly SendWorker _sender;
    private readonly ReceiveWorker _receiver;
    private readonly Dictionary<TunPort, TunSource> _sources = [];
    private readonly Thread[] _threads;

    /// <param name="indices">Makes the table of receiver indices, given the workers' gates.</param>
    public PacketPipeline(EngineClock clock, ControlInbox inbox, Func<IReadOnlyList<WorkerGate>, IndexTable> indices)
    {
        WorkerGate[] gates = [_sendGate, _receiveGate];
        _graveyard = new Graveyard(gates);
        State = new PipelineState { Clock = clock, Inbox = inbox, Indices = indices(gates) };
        _sender = new SendWorker(State, _sendGate);
        _receiver = new ReceiveWorker(State, _receiveGate);
        _threads = [NewThread("send", _sender.Run), NewThread("receive", _receiver.Run)];
    }

    public PipelineState State { get; }

    public void Start()
    {
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <summary>Has the send worker do something for a peer.</summary>
    public void Post(Peer peer, SendTask task) => _sender.Post(peer, task);

    /// <summary>Uses these sockets from now on; those before are closed.</summary>
    public void SetUdp(UdpPort port)
    {
        var former = State.Udp;
        State.Udp = port;
        _receiver.Attach(port);
        if (former is null)
            return;
        _receiver.Detach(former);
        _graveyard.Bury(former);
    }

    /// <summary>Uses this main device from now on. The one before is only let go of.</summary>
    public void SetMain(TunPort port)
    {
        if (State.Main is { } former)
            Detach(former);
        State.Main = port;
        Attach(port, peer: null, gre: null);
    }

    /// <summary>Gives a peer its link, or with null takes it away. The device before is only let go of.</summary>
    public void SetLink(Peer peer, PeerLink? link)
    {
        var former = peer.Link;
        peer.Link = link;
        if (former is not null)
        {
            // The device may be another peer's by now.
            if (_sources.TryGetValue(former.Port, out var source) && source.Peer == peer)
                Detach(former.Port);
            _graveyard.Bury(former.Gre);
        }
        if (link is not null)
            Attach(link.Port, peer, link.Gre);
    }

    /// <summary>Closes a device that nothing uses any more, and deletes it.</summary>
    public void Delete(TunPort port)
    {
        Detach(port);
        port.DeleteOnDispose();
        _graveyard.Bury(port);
    }

    /// <summary>Packets dropped by the workers for this reason.</summary>
    public long Drops(DropReason reason) =>
        _sender.Drops[reason] + _receiver.Drops[reason]
        + (reason == DropReason.DeviceRefused ? _sources.Keys.Sum(port => port.Refused) : 0);

    /// <summary>Disposes of what the workers have let go; at each tick.</summary>
    public void Sweep() => _graveyard.Sweep();

    /// <summary>Stops the threads and closes everything that was taken away before; what is in use is its owner's to close.</summary>
    public void Stop()
    {
        _sender.Stop();
        _receiver.Stop();
        foreach (var thread in _threads)
            thread.Join();
        State.Udp?.Dispose();
        _graveyard.Clear();
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }

    private void Attach(TunPort port, Peer? peer, GreHeader? gre)
    {
        Detach(port); // a link may go from one peer to another, when a node's key changes
        _sources[port] = _sender.Attach(port, peer, gre);
    }

    private void Detach(TunPort port)
    {
        if (_sources.Remove(port, out var source))
            _sender.Detach(source);
    }

    private static Thread NewThread(string name, ThreadStart body) =>
        new(body) { Name = $"meshover-{name}", IsBackground = true };
}
