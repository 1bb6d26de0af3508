using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Meshover.Linux.Icmp;

/// <summary>
/// Asks hosts for an ICMP echo (RFC 792, and RFC 4443 section 4) with a firewall mark, by a raw socket in the network namespace of the calling thread.
/// </summary>
public sealed class MarkedEcho : IMarkedEcho
{
    private const int HeaderLength = 8, LongestPacket = 128;
    private const int LevelSocket = 1, SoMark = 36;

    // ICMP_FILTER (linux/icmp.h): a bit that is set blocks its type.
    private const int LevelRaw = 255, IcmpFilter = 1;
    private const byte Request4 = 8, Reply4 = 0, Request6 = 128, Reply6 = 129;

    private readonly Socket _socket;
    private readonly bool _isIPv6;
    private readonly ushort _identifier = (ushort)RandomNumberGenerator.GetInt32(1 << 16);

    /// <exception cref="SocketException">The family is not there, or no right to it.</exception>
    public MarkedEcho(AddressFamily family, uint mark)
    {
        _isIPv6 = family == AddressFamily.InterNetworkV6;
        _socket = _isIPv6 ? EchoSocket.OpenSocket() : Open4();
        try
        {
            _socket.SetRawSocketOption(LevelSocket, SoMark, BitConverter.GetBytes(mark));
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Ask(IPAddress target)
    {
        Span<byte> packet = stackalloc byte[HeaderLength];
        packet.Clear();
        packet[0] = _isIPv6 ? Request6 : Request4;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], _identifier);
        // The kernel writes ICMPv6's checksum, which covers addresses (RFC 3542, section 3.1).
        if (!_isIPv6)
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)~((Request4 << 8) + _identifier + (((Request4 << 8) + _identifier) >> 16)));
        _socket.SendTo(packet, SocketFlags.None, new IPEndPoint(target, 0));
    }

    /// <inheritdoc/>
    public async Task<IPAddress> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestPacket];
        var any = new IPEndPoint(_isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (true)
        {
            var received = await _socket.ReceiveFromAsync(buffer, any, cancellationToken).ConfigureAwait(false);
            if (IsAnswer(buffer.AsSpan(0, received.ReceivedBytes)))
                return ((IPEndPoint)received.RemoteEndPoint).Address;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static Socket Open4()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Icmp);
        try
        {
            socket.SetRawSocketOption(LevelRaw, IcmpFilter, BitConverter.GetBytes(~(1u << Reply4)));
            socket.Bind(new IPEndPoint(IPAddress.Any, 0));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>IPv4 comes with the header of IP. Other programs' replies come in, too.</summary>
    private bool IsAnswer(ReadOnlySpan<byte> packet)
    {
        if (!_isIPv6)
        {
            var header = packet.IsEmpty ? 0 : (packet[0] & 0xf) * 4;
            packet = header > 0 && header <= packet.Length ? packet[header..] : [];
        }
        return packet.Length >= HeaderLength && packet[0] == (_isIPv6 ? Reply6 : Reply4) && BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == _identifier;
    }
}
