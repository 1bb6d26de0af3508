using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Meshover.Linux.Icmp;

/// <summary>
/// Asks neighbours for an ICMPv6 echo (RFC 4443, section 4.1) by a raw socket in the network namespace of the calling thread. Any kernel
/// answers, whatever of its programs is dead.
/// </summary>
public sealed class EchoSocket : IDisposable
{
    private const byte EchoRequest = 128;
    private const byte EchoReply = 129;
    private const int HeaderLength = 8;

    // RFC 3542, section 3.2: 256 bits, one for each type; a bit that is set blocks it.
    private const int FilterOption = 1;
    private const int FilterLength = 32;

    private readonly Socket _socket = OpenSocket();
    private readonly ushort _identifier = (ushort)Environment.ProcessId;

    /// <summary>A raw socket that hears echo replies alone: without the filter each router advertisement of each link wakes its reader.</summary>
    /// <exception cref="SocketException">No IPv6 here, or no right to it.</exception>
    public static Socket OpenSocket()
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        try
        {
            socket.SetRawSocketOption((int)ProtocolType.IcmpV6, FilterOption, AllButEchoReplies());
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <param name="neighbour">A link-local address with the index of its link as scope.</param>
    /// <exception cref="SocketException">It could not be sent.</exception>
    public void Ask(IPAddress neighbour)
    {
        Span<byte> packet = stackalloc byte[HeaderLength];
        packet.Clear();
        packet[0] = EchoRequest;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], _identifier);
        // The kernel writes the checksum (RFC 3542, section 3.1).
        _socket.SendTo(packet, SocketFlags.None, new IPEndPoint(neighbour, 0));
    }

    /// <summary>Who answered next, with the index of its link as scope.</summary>
    public async Task<IPAddress> ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[HeaderLength];
        var any = new IPEndPoint(IPAddress.IPv6Any, 0);
        while (true)
        {
            var received = await _socket.ReceiveFromAsync(buffer, any, cancellationToken).ConfigureAwait(false);
            if (IsAnswer(buffer.AsSpan(0, received.ReceivedBytes)))
                return ((IPEndPoint)received.RemoteEndPoint).Address;
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Other programs' replies come in, too.</summary>
    private bool IsAnswer(ReadOnlySpan<byte> packet) =>
        packet.Length == HeaderLength && packet[0] == EchoReply && BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) == _identifier;

    private static byte[] AllButEchoReplies()
    {
        var filter = new byte[FilterLength];
        filter.AsSpan().Fill(0xff);
        var word = filter.AsSpan(EchoReply / 32 * sizeof(uint), sizeof(uint));
        BitConverter.TryWriteBytes(word, ~(1u << (EchoReply % 32))); // words of the machine's own byte order
        return filter;
    }
}
