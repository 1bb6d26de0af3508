using System.Buffers.Binary;
using Meshover.UnitTests.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>An IPv4 or IPv6 packet with TCP or UDP, field by field; every length and checksum of what it makes is right.</summary>
internal sealed record Recipe
{
    public const byte Fin = 1, Push = 8, Ack = 16, Cwr = 128;

    public bool V6 { get; init; }
    public bool Udp { get; init; }

    /// <summary>The last byte of the source address.</summary>
    public byte Host { get; init; } = 1;
    public ushort Port { get; init; } = 40000;
    public byte TrafficClass { get; init; }
    public byte TimeToLive { get; init; } = 64;
    public ushort Identification { get; init; }
    public bool DontFragment { get; init; } = true;

    /// <summary>Options of IPv4, or an extension header (destination options) of IPv6; a multiple of 4 or 8 bytes.</summary>
    public int IpExtras { get; init; }

    /// <summary>A multiple of 4 bytes.</summary>
    public byte[] TcpOptions { get; init; } = [];
    public byte TcpFlags { get; init; } = Ack;
    public uint Sequence { get; init; }
    public uint Acknowledgement { get; init; }
    public ushort Window { get; init; } = 512;
    public byte[] Payload { get; init; } = [];

    public int TransportOffset => (V6 ? 40 : 20) + IpExtras;

    public int ChecksumOffset => Udp ? 6 : 16;

    public int HeaderLength => TransportOffset + (Udp ? 8 : 20 + TcpOptions.Length);

    /// <summary>A packet with any fields: few hosts and ports, so that flows come together again.</summary>
    public static Recipe Any(Dice dice, int payload) => new()
    {
        V6 = dice.Chance(50),
        Udp = dice.Chance(50),
        Host = (byte)dice.Next(1, 4),
        Port = (ushort)dice.Next(40000, 40003),
        TrafficClass = dice.Pick<byte>(0, 0, 0x10, 0x2e << 2),
        TimeToLive = dice.Pick<byte>(64, 64, 63, 1),
        Identification = (ushort)dice.Next(0, 65_536),
        DontFragment = dice.Chance(80),
        TcpOptions = dice.Bytes(4 * dice.Next(0, 11)),
        TcpFlags = Ack,
        Sequence = (uint)dice.Next64(),
        Acknowledgement = (uint)dice.Next64(),
        Window = (ushort)dice.Next64(),
        Payload = dice.Bytes(payload),
    };

    public byte[] Build()
    {
        var packet = new byte[HeaderLength + Payload.Length];
        Payload.CopyTo(packet, HeaderLength);
        WriteIp(packet);
        var transport = packet.AsSpan(TransportOffset);
        if (Udp)
            WriteUdp(transport);
        else
            WriteTcp(transport);
        var sum = (ushort)~TestPackets.Ones([.. TestPackets.Pseudo(packet, Protocol, transport.Length), .. transport]);
        BinaryPrimitives.WriteUInt16BigEndian(transport[ChecksumOffset..], sum == 0 && Udp ? (ushort)0xffff : sum);
        return packet;
    }

    private byte Protocol => (byte)(Udp ? TestPackets.Udp : TestPackets.Tcp);

    private void WriteIp(Span<byte> packet)
    {
        if (V6)
            WriteV6(packet);
        else
            WriteV4(packet);
    }

    private void WriteV4(Span<byte> packet)
    {
        packet[0] = (byte)(0x40 | (TransportOffset / 4));
        packet[1] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], Identification);
        packet[6] = (byte)(DontFragment ? 0x40 : 0);
        packet[8] = TimeToLive;
        packet[9] = Protocol;
        ((ReadOnlySpan<byte>)[10, 0, 0, Host, 10, 0, 0, 9]).CopyTo(packet[12..]);
        packet[20..TransportOffset].Fill(1); // no operation
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~TestPackets.Ones(packet[..TransportOffset]));
    }

    private void WriteV6(Span<byte> packet)
    {
        BinaryPrimitives.WriteUInt32BigEndian(packet, 0x60000000 | ((uint)TrafficClass << 20));
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)(packet.Length - 40));
        packet[6] = IpExtras > 0 ? (byte)60 : Protocol;
        packet[7] = TimeToLive;
        (packet[8], packet[9], packet[23]) = (0xfd, 0, Host);
        (packet[24], packet[25], packet[39]) = (0xfd, 0, 9);
        if (IpExtras == 0)
            return;
        packet[40] = Protocol;
        packet[41] = (byte)((IpExtras / 8) - 1);
        packet[42] = 1; // PadN over all the rest
        packet[43] = (byte)(IpExtras - 4);
    }

    private void WriteTcp(Span<byte> tcp)
    {
        BinaryPrimitives.WriteUInt16BigEndian(tcp, Port);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], 443);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], Acknowledgement);
        tcp[12] = (byte)((20 + TcpOptions.Length) << 2);
        tcp[13] = TcpFlags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], Window);
        TcpOptions.CopyTo(tcp[20..]);
    }

    private void WriteUdp(Span<byte> udp)
    {
        BinaryPrimitives.WriteUInt16BigEndian(udp, Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], 53);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
    }
}
