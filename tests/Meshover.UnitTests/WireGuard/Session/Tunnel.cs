using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>
/// Two engines that know each other, one clock, and a network between that delivers when told to. Packets go through the workers' own
/// batches.
/// </summary>
internal sealed class Tunnel : IDisposable
{
    public const int TickMs = 100;

    // IPv4 and UDP.
    private const int UdpHeaders = 28;

    private readonly BatchEnd _endA;
    private readonly BatchEnd _endB;

    public Tunnel(ProtocolTimes? times = null, byte[]? presharedKey = null, byte[]? presharedKeyOfB = null)
    {
        A = new Engine(1, times);
        B = new Engine(2, times);
        (_endA, _endB) = BatchEnd.Between(A, B);
        if (presharedKey is null)
            return;
        ToB.SetPresharedKey(presharedKey);
        ToA.SetPresharedKey(presharedKeyOfB ?? presharedKey);
    }

    public Engine A { get; }
    public Engine B { get; }

    /// <summary>A's session with B.</summary>
    public PeerSession ToB => _endA.Peer.Session;

    /// <summary>B's session with A.</summary>
    public PeerSession ToA => _endB.Peer.Session;

    public long Now { get; private set; } = 1_000_000;

    /// <summary>B forgets whom it knew, and gets to know A by its present key.</summary>
    public void MeetAgain() => _endB.Know(_endA);

    /// <summary>A begins; afterwards both may send.</summary>
    public Tunnel Connect()
    {
        ToB.RequestHandshake(Now);
        Deliver();
        Send(ToB, data: false);
        return this;
    }

    /// <summary>Delivers handshake messages, both ways, until nothing is under way.</summary>
    public void Deliver()
    {
        while (A.Outbox.Count + B.Outbox.Count > 0)
        {
            if (A.Outbox.TryDequeue(out var toB))
                B.Receive(toB, Now);
            if (B.Outbox.TryDequeue(out var toA))
                A.Receive(toA, Now);
        }
    }

    public void Lose()
    {
        A.Outbox.Clear();
        B.Outbox.Clear();
    }

    /// <summary>
    /// Lets time pass at both ends, tick by tick; what they send stays in their outboxes unless <paramref name="deliver"/>.
    /// </summary>
    public void Pass(long milliseconds, bool deliver = false)
    {
        for (var end = Now + milliseconds; Now < end;)
        {
            Now += Math.Min(TickMs, end - Now);
            A.Clock.SetUtcNow(DateTimeOffset.UnixEpoch.AddMilliseconds(1_800_000_000_000 + Now));
            B.Clock.SetUtcNow(A.Clock.GetUtcNow());
            A.Manager.Tick(Now);
            B.Manager.Tick(Now);
            if (deliver)
                Deliver();
        }
    }

    /// <summary>Sends one packet. False if the sender has no key for it, or the receiver refuses it.</summary>
    public bool Send(PeerSession from, bool data = true, bool lost = false)
    {
        if (Seal(from, data ? [.. "hello"u8] : []) is not { } message)
            return false;
        return lost || Open(ReferenceEquals(from, ToB) ? B : A, message) is not null;
    }

    /// <summary>
    /// What a send worker's batch makes of a packet with this payload, or of a keepalive if there is none; null if it has no key for it.
    /// </summary>
    public byte[]? Seal(PeerSession from, byte[] payload)
    {
        var (sender, receiver) = ReferenceEquals(from, ToB) ? (_endA, _endB) : (_endB, _endA);
        byte[] packet = payload.Length == 0 ? [] : TestPackets.UdpPacket(v6: false, payload);
        return sender.Send(Now, packet) ? Assert.Single(receiver.Received()).Bytes : null;
    }

    /// <summary>The payload that a receive worker's batch makes of a message; empty for a keepalive, null if it is refused.</summary>
    public byte[]? Open(Engine at, byte[] message)
    {
        var end = ReferenceEquals(at, A) ? _endA : _endB;
        var packet = end.Open(Now, message);
        while (end.State.Inbox.TryTake(out var signal))
        {
            if (signal.Confirmed is { } session)
                signal.Session.Confirm(session, Now);
        }
        return packet is { Length: > 0 } ? packet[UdpHeaders..] : packet;
    }

    public void Dispose()
    {
        _endA.Dispose();
        _endB.Dispose();
    }
}

/// <summary>The transport cipher on arrays.</summary>
internal static unsafe class Ciphers
{
    public static void Seal(TransportCipher cipher, Span<byte> buffer, int length, ulong counter)
    {
        fixed (byte* p = buffer)
            cipher.Seal(p, p, length, counter);
    }

    public static bool Open(TransportCipher cipher, Span<byte> buffer, int length, ulong counter)
    {
        fixed (byte* p = buffer)
            return cipher.Open(p, p, length, counter);
    }
}
