using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Meshover.Linux.Icmp;

/// <summary>
/// Asks one host for ICMP echoes (RFC 792; RFC 4443, sections 3 and 4) of a chosen size and hop limit, never in fragments, and hears errors from the
/// way as well: what ping and traceroute do. One question at a time, by a raw socket in the network namespace of the calling thread.
/// </summary>
public sealed class EchoProbe : IDisposable
{
    private const int EchoHeader = 8, IPv6Header = 40, LongestPacket = 65_535;
    private const int ErrorHeader = 8;

    // linux/in.h and linux/in6.h: the kernel's own idea of the path's MTU is not asked.
    private const int LevelIp = 0, MtuDiscover4 = 10, Ttl4 = 2, LevelIp6 = 41, MtuDiscover6 = 23, HopLimit6 = 16, DontFragment6 = 62, DiscoverProbe = 3;

    // ICMP_FILTER (linux/icmp.h) and ICMP6_FILTER (RFC 3542, section 3.2): a bit that is set blocks its type.
    private const int LevelRaw = 255, Filter = 1, Filter6Length = 32;
    private const byte Reply4 = 0, Unreachable4 = 3, Request4 = 8, TimeExceeded4 = 11, FragmentationNeeded4 = 4;
    private const byte Unreachable6 = 1, TooBig6 = 2, TimeExceeded6 = 3, Request6 = 128, Reply6 = 129;

    private readonly Socket _socket;
    private readonly IPEndPoint _target;
    private readonly bool _isIPv6;
    private readonly ushort _identifier = (ushort)RandomNumberGenerator.GetInt32(1 << 16);
    private readonly byte[] _buffer = new byte[LongestPacket];
    private readonly TimeProvider _time;
    private ushort _sequence;

    /// <exception cref="SocketException">AccessDenied: the right to raw sockets (CAP_NET_RAW) is missing; else the family is not there.</exception>
    public EchoProbe(IPAddress target, TimeProvider time)
    {
        (_target, _time) = (new IPEndPoint(target, 0), time);
        _isIPv6 = target.AddressFamily == AddressFamily.InterNetworkV6;
        _socket = new Socket(target.AddressFamily, SocketType.Raw, _isIPv6 ? ProtocolType.IcmpV6 : ProtocolType.Icmp);
        try
        {
            Set(_isIPv6 ? LevelIp6 : LevelIp, _isIPv6 ? MtuDiscover6 : MtuDiscover4, DiscoverProbe);
            if (_isIPv6)
                Set(LevelIp6, DontFragment6, 1);
            if (_isIPv6)
                _socket.SetRawSocketOption((int)ProtocolType.IcmpV6, Filter, AllBut(Reply6, Unreachable6, TooBig6, TimeExceeded6));
            else
                Set(LevelRaw, Filter, unchecked((int)~((1u << Reply4) | (1u << Unreachable4) | (1u << TimeExceeded4))));
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of IP and ICMP before what an echo carries.</summary>
    public int Overhead => (_isIPv6 ? IPv6Header : 20) + EchoHeader;

    /// <param name="hopLimit">Routers that may pass it on, and one.</param>
    /// <param name="length">Of the whole packet, with the header of IP, in bytes; at least <see cref="Overhead"/>.</param>
    /// <param name="patience">An answer that comes later is none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<EchoOutcome> AskAsync(int hopLimit, int length, TimeSpan patience, CancellationToken cancellationToken)
    {
        Set(_isIPv6 ? LevelIp6 : LevelIp, _isIPv6 ? HopLimit6 : Ttl4, hopLimit);
        var sequence = ++_sequence;
        var asked = _time.GetTimestamp();
        try
        {
            await _socket.SendToAsync(Request(sequence, length - Overhead), SocketFlags.None, _target, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            return new EchoOutcome(e.SocketErrorCode == SocketError.MessageSize ? EchoResult.TooBig : EchoResult.NotSent) { Reason = e.Message };
        }
        using var late = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveFromAsync(_buffer, SocketFlags.None, new IPEndPoint(_isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0), either.Token).ConfigureAwait(false);
                if (Read(_buffer.AsSpan(0, received.ReceivedBytes), sequence) is { } result)
                    return new EchoOutcome(result) { From = ((IPEndPoint)received.RemoteEndPoint).Address, Rtt = _time.GetElapsedTime(asked) };
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new EchoOutcome(EchoResult.NoAnswer);
        }
        catch (SocketException e)
        {
            return new EchoOutcome(EchoResult.NotSent) { Reason = e.Message };
        }
    }

    public void Dispose() => _socket.Dispose();

    private byte[] Request(ushort sequence, int payload)
    {
        var packet = new byte[EchoHeader + Math.Max(0, payload)];
        packet[0] = _isIPv6 ? Request6 : Request4;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), _identifier);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), sequence);
        // The kernel writes ICMPv6's checksum, which covers addresses (RFC 3542, section 3.1). The payload is zeros.
        if (!_isIPv6)
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), Checksum((Request4 << 8) + _identifier + sequence));
        return packet;
    }

    private static ushort Checksum(int sum)
    {
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>Null: it is about somebody else's packet.</summary>
    internal EchoResult? Read(ReadOnlySpan<byte> packet, ushort sequence)
    {
        // IPv4 comes with the header of IP.
        packet = _isIPv6 ? packet : AfterHeader4(packet);
        if (packet.Length < EchoHeader)
            return null;
        var (type, code) = (packet[0], packet[1]);
        if (type == (_isIPv6 ? Reply6 : Reply4))
            return IsOurs(packet, sequence) ? EchoResult.Reply : null;
        // An error has the beginning of the packet that it is about.
        var inner = packet[ErrorHeader..];
        inner = _isIPv6 ? inner.Length > IPv6Header ? inner[IPv6Header..] : [] : AfterHeader4(inner);
        if (inner.Length < EchoHeader || inner[0] != (_isIPv6 ? Request6 : Request4) || !IsOurs(inner, sequence))
            return null;
        return (_isIPv6, type, code) switch
        {
            (true, TimeExceeded6, _) or (false, TimeExceeded4, _) => EchoResult.TimeExceeded,
            (true, TooBig6, _) or (false, Unreachable4, FragmentationNeeded4) => EchoResult.TooBig,
            _ => EchoResult.Unreachable,
        };
    }

    private static ReadOnlySpan<byte> AfterHeader4(ReadOnlySpan<byte> packet)
    {
        var header = packet.IsEmpty ? 0 : (packet[0] & 0xf) * 4;
        return header > 0 && header <= packet.Length ? packet[header..] : [];
    }

    private bool IsOurs(ReadOnlySpan<byte> echo, ushort sequence) =>
        BinaryPrimitives.ReadUInt16BigEndian(echo[4..]) == _identifier && BinaryPrimitives.ReadUInt16BigEndian(echo[6..]) == sequence;

    private void Set(int level, int option, int value) => _socket.SetRawSocketOption(level, option, BitConverter.GetBytes(value));

    private static byte[] AllBut(params ReadOnlySpan<byte> types)
    {
        var filter = new byte[Filter6Length];
        filter.AsSpan().Fill(0xff);
        foreach (var type in types)
        {
            // Words of the machine's own byte order.
            var word = filter.AsSpan(type / 32 * sizeof(uint), sizeof(uint));
            BitConverter.TryWriteBytes(word, BitConverter.ToUInt32(word) & ~(1u << (type % 32)));
        }
        return filter;
    }
}

/// <summary>What became of a question.</summary>
public enum EchoResult
{
    Reply,

    /// <summary>A router says that the hop limit was used up there.</summary>
    TimeExceeded,

    /// <summary>A router, or the target, says that there is no way.</summary>
    Unreachable,

    /// <summary>It does not pass in one piece.</summary>
    TooBig,

    /// <summary>This machine could not send it.</summary>
    NotSent,
    NoAnswer,
}

/// <param name="Result">What became of it.</param>
public sealed record EchoOutcome(EchoResult Result)
{
    /// <summary>Who answered; null: nobody.</summary>
    public IPAddress? From { get; init; }

    /// <summary>From sending to the answer.</summary>
    public TimeSpan Rtt { get; init; }

    /// <summary>Why it was not sent, in the system's words; else empty.</summary>
    public string Reason { get; init; } = "";
}
