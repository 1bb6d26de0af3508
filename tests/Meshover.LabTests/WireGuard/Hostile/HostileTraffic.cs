using System.Buffers.Binary;
using System.Net;
using Meshover.UnitTests.WireGuard.Fuzz;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.LabTests.WireGuard.Hostile;

/// <summary>What must become of a datagram. All but the last three are names of <see cref="DropReason"/>.</summary>
internal enum Fate
{
    UnknownMessage,
    UnknownIndex,
    NotAuthentic,
    Replayed,
    MalformedPacket,
    MalformedGre,
    SourceNotAllowed,

    /// <summary>Has a handshake's type: the control thread looks at it, or its queue is full.</summary>
    Handshake,
    Keepalive,
    Delivered,
}

/// <summary>
/// Datagrams of every kind that could do harm, and the count of what must become of each. While it makes them nothing is allocated.
/// </summary>
internal sealed class HostileTraffic(RawPeer peer, ulong seed)
{
    private const int Header = TransportMessage.HeaderLength, Overhead = TransportMessage.Overhead;
    private const int LargestPacket = 400;

    private static readonly byte[] Engine = [198, 18, 0, 1], Peer = [198, 18, 0, RawPeer.End];
    private static readonly byte[] Peer6 = IPAddress.Parse($"fd18::{RawPeer.End}").GetAddressBytes();

    private readonly Dice _dice = new(seed);
    private readonly byte[][] _packets = Packets(new Dice(seed + 1));
    private readonly byte[] _train = new byte[65_000];
    private readonly byte[] _last = new byte[2048];
    private readonly long[] _fates = new long[Enum.GetValues<Fate>().Length];
    private int _lastLength;
    private ulong _oldest = ulong.MaxValue;
    private ulong? _skipped;

    public long this[Fate fate] => _fates[(int)fate];

    /// <summary>Bytes of datagrams whose tag was right, the first time.</summary>
    public long AuthenticBytes { get; private set; }

    /// <summary>Sends some datagrams; returns how many.</summary>
    public int SendSome() => _dice.Chance(50) ? SendOne() : SendTrain();

    private int SendOne()
    {
        var datagram = _train.AsSpan(0, Overhead + _dice.Next(0, LargestPacket + 60));
        var length = _dice.Chance(2) ? Count(Fate.UnknownMessage, 0) : Write(datagram, mayShorten: true);
        peer.Send(datagram[..length]);
        return 1;
    }

    private int SendTrain()
    {
        var size = Overhead + _dice.Next(16, 1_390);
        var count = _dice.Next(2, Math.Min(40, _train.Length / size) + 1);
        // The first says which of the engine's workers the kernel gives the train to.
        var length = Count(WriteAuthentic(_train.AsSpan(0, size)), size);
        for (var i = 1; i < count; i++)
            length += Write(_train.AsSpan(i * size, size), mayShorten: i == count - 1);
        peer.SendTrain(_train.AsSpan(0, length), size);
        return count;
    }

    // Returns the datagram's length: less than there is room for only where that is allowed.
    private int Write(Span<byte> datagram, bool mayShorten)
    {
        var kind = _dice.Next(0, 100);
        return kind switch
        {
            < 25 => Count(WriteRubbish(datagram), datagram.Length),
            < 27 => Count(WriteHandshake(datagram), datagram.Length),
            < 40 => Count(WriteForged(datagram), datagram.Length),
            < 60 => Count(WriteAuthentic(datagram), datagram.Length),
            < 80 => Count(WriteDamaged(datagram), datagram.Length),
            < 88 => Count(WriteReplay(datagram), datagram.Length),
            < 90 => Count(WriteTooOld(datagram), datagram.Length),
            _ when mayShorten => WriteShortened(datagram),
            _ => Count(WriteDamaged(datagram), datagram.Length),
        };
    }

    private int Count(Fate fate, int length)
    {
        _fates[(int)fate]++;
        if (fate is Fate.MalformedPacket or Fate.MalformedGre or Fate.SourceNotAllowed or Fate.Keepalive or Fate.Delivered)
            AuthenticBytes += length;
        return length;
    }

    private Fate WriteRubbish(Span<byte> datagram)
    {
        _dice.Fill(datagram);
        datagram[1] |= 1; // a reserved byte is set: no message that there is
        return Fate.UnknownMessage;
    }

    // Handshakes begin with 1, 2 or 3; the rest is rubbish.
    private Fate WriteHandshake(Span<byte> datagram)
    {
        _dice.Fill(datagram);
        BinaryPrimitives.WriteInt32LittleEndian(datagram, _dice.Next(1, 4));
        return Fate.Handshake;
    }

    // The right type, and perhaps the right index, but no key.
    private Fate WriteForged(Span<byte> datagram)
    {
        _dice.Fill(datagram);
        var knowsIndex = _dice.Chance(50);
        TransportMessage.WriteHeader(datagram, knowsIndex ? peer.Index : peer.Index ^ 1, _dice.Next64());
        return knowsIndex ? Fate.NotAuthentic : Fate.UnknownIndex;
    }

    private Fate WriteAuthentic(Span<byte> datagram)
    {
        var counter = NextCounter();
        var packet = datagram[Header..^TransportMessage.TagLength];
        FillWithPacket(packet);
        var fate = FateOf(packet);
        peer.Seal(datagram, counter);
        datagram.CopyTo(_last);
        _lastLength = datagram.Length;
        return fate;
    }

    // The counters of genuine packets are not always in order.
    private ulong NextCounter()
    {
        if (_skipped is { } skipped && _dice.Chance(20))
        {
            _skipped = null;
            return skipped;
        }
        if (_skipped is null && _dice.Chance(10))
            _skipped = peer.Counter++;
        _oldest = Math.Min(_oldest, peer.Counter);
        return peer.Counter++;
    }

    private void FillWithPacket(Span<byte> packet)
    {
        var chosen = _packets[_dice.Next(0, _packets.Length)];
        packet.Clear();
        if (chosen.Length <= packet.Length)
            chosen.CopyTo(packet);
        else
            chosen.AsSpan(0, packet.Length).CopyTo(packet);
    }

    private static Fate FateOf(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty)
            return Fate.Keepalive;
        var length = PacketOracle.SaidLength(packet);
        if (length == 0)
            return Fate.MalformedPacket;
        if (PacketOracle.IsGre(packet, Peer, Engine))
            return PacketOracle.GreInnerLength(packet[..length]) == 0 ? Fate.MalformedGre : Fate.Delivered;
        var isAllowed = packet[0] >> 4 == 4 ? packet[12..16].SequenceEqual(Peer) : packet[8..24].SequenceEqual(Peer6);
        return isAllowed ? Fate.Delivered : Fate.SourceNotAllowed;
    }

    // A genuine packet with a bit changed, or two of its words exchanged. Its counter is free for another.
    private Fate WriteDamaged(Span<byte> datagram)
    {
        FillWithPacket(datagram[Header..^TransportMessage.TagLength]);
        peer.Seal(datagram, peer.Counter);
        if (_dice.Chance(30) && TryExchange(datagram))
            return Fate.NotAuthentic;
        var at = _dice.Next(0, datagram.Length);
        datagram[at] ^= (byte)(1 << _dice.Next(0, 8));
        return at switch
        {
            < 4 => Fate.UnknownMessage,
            < 8 => Fate.UnknownIndex,
            _ => Fate.NotAuthentic,
        };
    }

    // Of the ciphertext and the tag, or the halves of the counter.
    private bool TryExchange(Span<byte> datagram)
    {
        int one = Header + _dice.Next(0, 4), other = datagram.Length - 4 - _dice.Next(0, 8);
        if (other < one + 4)
            return false;
        var left = datagram.Slice(one, 4);
        var right = datagram.Slice(other, 4);
        if (left.SequenceEqual(right))
            return false;
        var word = BinaryPrimitives.ReadUInt32LittleEndian(left);
        right.CopyTo(left);
        BinaryPrimitives.WriteUInt32LittleEndian(right, word);
        return true;
    }

    private Fate WriteReplay(Span<byte> datagram)
    {
        if (_lastLength != datagram.Length)
            return WriteAuthentic(datagram);
        _last.AsSpan(0, _lastLength).CopyTo(datagram);
        return Fate.Replayed;
    }

    // Never seen, but behind the window.
    private Fate WriteTooOld(Span<byte> datagram)
    {
        if (_oldest == ulong.MaxValue || peer.Counter - _oldest < 2 * ReplayWindow.Size)
            return WriteForged(datagram);
        FillWithPacket(datagram[Header..^TransportMessage.TagLength]);
        peer.Seal(datagram, peer.Counter - ReplayWindow.Size - (ulong)_dice.Next(64, 4_000));
        return Fate.Replayed;
    }

    private int WriteShortened(Span<byte> datagram)
    {
        FillWithPacket(datagram[Header..^TransportMessage.TagLength]);
        peer.Seal(datagram, peer.Counter);
        var length = _dice.Next(1, datagram.Length);
        return Count(length < Overhead ? Fate.UnknownMessage : Fate.NotAuthentic, length);
    }

    // Good and bad packets, bare and in GRE, from the right source and from others.
    private static byte[][] Packets(Dice dice)
    {
        using var gre = new GreHeader(new IPAddress(Peer), new IPAddress(Engine));
        var packets = new byte[1_000][];
        for (var i = 0; i < packets.Length; i++)
        {
            var packet = Recipe.Any(dice, dice.Next(0, 200)).Build();
            packet = dice.Chance(50) ? Wrap(gre, packet) : FromPeer(dice, packet);
            packet = dice.Chance(60) ? packet : Damage.Of(dice, packet);
            packets[i] = packet[..Math.Min(packet.Length, LargestPacket)];
        }
        return packets;
    }

    private static byte[] FromPeer(Dice dice, byte[] packet)
    {
        if (dice.Chance(30))
            return packet;
        if (packet[0] >> 4 == 4)
            Peer.CopyTo(packet, 12);
        else
            Peer6.CopyTo(packet, 8);
        return packet;
    }

    private static unsafe byte[] Wrap(GreHeader gre, byte[] packet)
    {
        byte[] wrapped = [.. new byte[GreHeader.Length], .. packet];
        fixed (byte* start = wrapped)
            gre.Write(start, packet.Length);
        return wrapped;
    }
}
