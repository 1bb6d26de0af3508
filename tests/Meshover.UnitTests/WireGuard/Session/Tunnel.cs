using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>Two engines that know each other, one clock, and a network between that delivers when told to.</summary>
internal sealed class Tunnel
{
    public const int TickMs = 100;

    public Tunnel(ProtocolTimes? times = null, byte[]? presharedKey = null, byte[]? presharedKeyOfB = null)
    {
        A = new Engine(1, times);
        B = new Engine(2, times);
        (ToB, ToA) = (A.AddPeer(B), B.AddPeer(A));
        if (presharedKey is null)
            return;
        ToB.SetPresharedKey(presharedKey);
        ToA.SetPresharedKey(presharedKeyOfB ?? presharedKey);
    }

    public Engine A { get; }
    public Engine B { get; }

    /// <summary>A's session with B.</summary>
    public PeerSession ToB { get; }

    /// <summary>B's session with A.</summary>
    public PeerSession ToA { get; }

    public long Now { get; private set; } = 1_000_000;

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

    /// <summary>Sends one packet as the workers do. False if the sender has no key for it, or the receiver refuses it.</summary>
    public bool Send(PeerSession from, bool data = true, bool lost = false)
    {
        if (Seal(from, data ? [.. "hello"u8] : []) is not { } message)
            return false;
        return lost || Open(ReferenceEquals(from, ToB) ? B : A, message) is not null;
    }

    public byte[]? Seal(PeerSession from, byte[] packet)
    {
        if (from.SendKeypair is not { } keypair || keypair.IsExpired(Now) || !keypair.TryTakeCounter(out var counter))
            return null;
        var message = new byte[packet.Length + TransportMessage.Overhead];
        TransportMessage.WriteHeader(message, keypair.RemoteIndex, counter);
        packet.CopyTo(message, TransportMessage.HeaderLength);
        Ciphers.Seal(keypair.SendCipher, message.AsSpan(TransportMessage.HeaderLength), packet.Length, counter);
        from.Sent.Note(Now, packet.Length > 0);
        return message;
    }

    public byte[]? Open(Engine at, byte[] message)
    {
        if (!TransportMessage.TryReadHeader(message, out var receiver, out var counter)
            || at.Manager.Indices.FindKeypair(receiver) is not { } keypair || keypair.IsExpired(Now) || !keypair.MayReceive(counter))
            return null;
        var packet = message[TransportMessage.HeaderLength..];
        var length = packet.Length - TransportMessage.TagLength;
        if (!Ciphers.Open(keypair.ReceiveCipher, packet, length, counter) || !keypair.Replay.TryAccept(counter))
            return null;
        keypair.Session.Received.Note(Now, length > 0);
        if (keypair.TryConfirm())
            keypair.Session.Confirm(keypair, Now);
        return packet[..length];
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
