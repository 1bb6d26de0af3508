using Meshover.WireGuard.Io;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// Receives handshake messages from the sockets that are for them alone (<see cref="ReceiveSteering"/>). What is not for us is let go of
/// here: it costs a hash, and nobody who is waiting is told to come back with a cookie because of it. Control thread.
/// </summary>
internal sealed class HandshakeReceiver(PipelineState state) : IDisposable
{
    // Then those are handled, and timers and clients have their turn.
    private const int DatagramsPerTurn = 1_024;

    private readonly ReceiveBuffers _buffers = new();

    /// <summary>What has come, for as long as it takes to handle it.</summary>
    public HandshakeQueue Received { get; } = new(2 * DatagramsPerTurn);

    public DropCounters Drops { get; } = new();

    /// <summary>Takes what has arrived, as far as that is one turn's work.</summary>
    public void Receive(SessionManager sessions)
    {
        if (state.Udp is not { } port)
            return;
        for (int taken = 0, batch = 1; batch > 0 && taken < DatagramsPerTurn; taken += batch)
        {
            batch = 0;
            foreach (var socket in port.ControlSockets) // in turn, so that a flood over one family leaves the other its share
                batch += TakeBatch(socket, sessions);
        }
    }

    public void Dispose() => _buffers.Dispose();

    private int TakeBatch(UdpSocket socket, SessionManager sessions)
    {
        var taken = 0;
        var count = _buffers.Receive(socket.Descriptor);
        for (var i = 0; i < count; i++)
        {
            var message = _buffers.Read(i);
            for (var datagram = 0; datagram < message.Count; datagram++, taken++)
                Take(message[datagram], message.SourceBytes, sessions);
        }
        return taken;
    }

    private void Take(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> source, SessionManager sessions)
    {
        if (TransportMessage.TryReadHeader(datagram, out _, out _))
            Drops.Count(DropReason.WrongWorker);
        else if (!MessageType.IsHandshake(datagram))
            Drops.Count(DropReason.UnknownMessage);
        else if (!sessions.IsForUs(datagram))
            Drops.Count(DropReason.InvalidHandshake);
        else if (!Received.TryAdd(datagram, source))
            Drops.Count(DropReason.HandshakeQueueFull);
    }
}
