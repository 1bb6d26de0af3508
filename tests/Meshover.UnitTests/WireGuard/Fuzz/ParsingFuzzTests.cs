using System.Buffers.Binary;
using System.Net;
using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>What reads bytes of others: it stays within them, and says what a slow reader of the RFCs says.</summary>
public sealed unsafe class ParsingFuzzTests : IDisposable
{
    private static readonly IPAddress Local = IPAddress.Parse("198.18.0.1"), Remote = IPAddress.Parse("198.18.0.2");

    private readonly GuardedMemory _memory = new(70_000);
    private readonly GreHeader _gre = new(Local, Remote), _theirs = new(Remote, Local);

    public void Dispose()
    {
        _memory.Dispose();
        _gre.Dispose();
        _theirs.Dispose();
    }

    [Fact]
    public void PacketLength_AnyBytes_IsWhatTheHeaderSaysOrNothing() => Fuzzing.Run(
        dice =>
        {
            var bytes = AnyPacket(dice);
            Assert.Equal(PacketOracle.SaidLength(bytes), IpHeader.PacketLength(_memory.AtEnd(bytes), bytes.Length));
        },
        iterations: 50_000);

    [Fact]
    public void TryRead_AnyPacket_TakesOnlyWholeAndValidTcpAndUdp() => Fuzzing.Run(
        dice =>
        {
            var bytes = AnyPacket(dice);
            bytes = bytes[..PacketOracle.SaidLength(bytes)];
            if (bytes.Length > 0 && PacketShape.TryRead(_memory.AtEnd(bytes), bytes.Length, out var shape))
                AssertMayBeJoined(bytes, shape);
        },
        iterations: 50_000);

    [Fact]
    public void TryRead_AnyValidPacketWithSomethingInIt_TakesIt() => Fuzzing.Run(
        dice =>
        {
            var bytes = Recipe.Any(dice, dice.Next(1, 1_400)).Build();
            Assert.True(PacketShape.TryRead(_memory.AtEnd(bytes), bytes.Length, out var shape));
            AssertMayBeJoined(bytes, shape);
        },
        iterations: 5_000);

    [Fact]
    public void InnerLength_AnyGre_IsTheInnerPacketsOrNothing() => Fuzzing.Run(
        dice =>
        {
            var bytes = AnyGre(dice);
            bytes = bytes[..PacketOracle.SaidLength(bytes)];
            if (bytes.Length == 0)
                return;
            var packet = _memory.AtEnd(bytes);
            Assert.Equal(PacketOracle.IsGre(bytes, Remote.GetAddressBytes(), Local.GetAddressBytes()), _gre.IsOurs(packet));
            Assert.Equal(PacketOracle.GreInnerLength(bytes), GreHeader.InnerLength(packet, bytes.Length));
        },
        iterations: 50_000);

    [Fact]
    public void TryReadHeader_AnyBytes_TakesOnlyWholeTransportMessages() => Fuzzing.Run(
        dice =>
        {
            byte[] valid = [4, 0, 0, 0, .. dice.Bytes(12 + 16 + dice.Next(0, 64))];
            var bytes = dice.Chance(20) ? valid : Damage.Of(dice, valid);
            var isTransport = bytes is [4, 0, 0, 0, .. { Length: >= 28 }];

            var taken = TransportMessage.TryReadHeader(
                new ReadOnlySpan<byte>(_memory.AtEnd(bytes), bytes.Length), out var receiver, out var counter);

            Assert.Equal(isTransport, taken);
            Assert.Equal(isTransport ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)) : 0, receiver);
            Assert.Equal(isTransport ? BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)) : 0, counter);
        },
        iterations: 50_000);

    private static byte[] AnyPacket(Dice dice)
    {
        var valid = Recipe.Any(dice, dice.Next(0, 200)).Build();
        return dice.Chance(10) ? valid : Damage.Of(dice, valid);
    }

    private byte[] AnyGre(Dice dice)
    {
        byte[] wrapped = [.. new byte[GreHeader.Length], .. Recipe.Any(dice, dice.Next(0, 100)).Build()];
        fixed (byte* start = wrapped)
            _theirs.Write(start, wrapped.Length - GreHeader.Length);
        return dice.Chance(20) ? wrapped : Damage.Of(dice, wrapped);
    }

    private static void AssertMayBeJoined(byte[] packet, PacketShape shape)
    {
        var isUdp = shape.Protocol == 17;
        Assert.True(TestPackets.IsValid(packet));
        Assert.Equal(packet.Length, shape.Headers + shape.Payload);
        Assert.Equal(packet[TestPackets.IsV6(packet) ? 6 : 9], shape.Protocol);
        Assert.Equal(TestPackets.IsV6(packet) ? 40 : 20, shape.Transport);
        Assert.InRange(shape.Payload, 1, packet.Length);
        Assert.Equal(isUdp ? 8 : packet[shape.Transport + 12] / 16 * 4, shape.Headers - shape.Transport);
        Assert.True(isUdp || (packet[shape.Transport + 13] | Recipe.Push) == (Recipe.Ack | Recipe.Push));
        Assert.True(TestPackets.IsV6(packet) || ((packet[6] & 0x3f) == 0 && packet[7] == 0), "a fragment");
    }
}
