using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Meshover.LabTests.WireGuard;

namespace Meshover.LabTests.Kernel;

/// <summary>A GRE packet with a peer's tunnel addresses that never saw WireGuard, as anybody on the underlay may send it (RFC 2784).</summary>
internal static class ForgedPacket
{
    private const int Ip = 20, Gre = 4, Udp = 8;

    /// <summary>Sends it in plain text; what is inside is a UDP datagram of one byte.</summary>
    public static void Send(Wire wire, int from, (IPAddress Source, IPAddress Destination) outer, (IPAddress Source, IPEndPoint Destination) inner)
    {
        var packet = new byte[Ip + Gre + Ip + Udp + 1];
        WriteIp(packet, protocol: 47, outer.Source, outer.Destination);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(Ip + 2), 0x0800);
        WriteIp(packet.AsSpan(Ip + Gre), protocol: 17, inner.Source, inner.Destination.Address);
        var udp = packet.AsSpan(Ip + Gre + Ip);
        BinaryPrimitives.WriteUInt16BigEndian(udp, 5555);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)inner.Destination.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], Udp + 1); // without a checksum, as IPv4 allows
        using var socket = wire.In(from, static () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.HeaderIncluded, true);
        socket.SendTo(packet, new IPEndPoint(outer.Destination, 0));
    }

    private static void WriteIp(Span<byte> packet, byte protocol, IPAddress source, IPAddress destination)
    {
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        packet[8] = 64;
        packet[9] = protocol;
        source.TryWriteBytes(packet[12..], out _);
        destination.TryWriteBytes(packet[16..], out _);
        var sum = 0u;
        for (var at = 0; at < Ip; at += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~(sum + (sum >> 16)));
    }
}
