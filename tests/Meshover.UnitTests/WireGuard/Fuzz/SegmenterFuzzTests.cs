using System.Runtime.InteropServices;
using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

public sealed unsafe class SegmenterFuzzTests
{
    private const int MaxFrame = VnetHeader.Size + 65_536;

    [Fact]
    public void Segment_AnyLargePacket_GivesWhatTheReferenceGives() => Fuzzing.Run(
        dice =>
        {
            var (vnet, packet) = Large(dice);
            AssertSame(ReferenceSegmenter.Cut(vnet, packet), PipelineRig.Segment(vnet, packet));
        },
        iterations: 300);

    [Fact]
    public void Segment_ChecksumLeftToUs_GivesWhatTheReferenceGives() => Fuzzing.Run(
        dice =>
        {
            var recipe = Extended(dice, Recipe.Any(dice, dice.Next(0, 1_500)));
            var vnet = new VnetHeader
            {
                Flags = VnetHeader.NeedsChecksum,
                ChecksumStart = (ushort)recipe.TransportOffset,
                ChecksumOffset = (ushort)recipe.ChecksumOffset,
            };
            var packet = WithPseudoSum(recipe);
            AssertSame(ReferenceSegmenter.Cut(vnet, packet), PipelineRig.Segment(vnet, packet));
        },
        iterations: 2_000);

    [Fact]
    public void Segment_HostileFrame_TouchesNothingBeyondIt()
    {
        using var input = new GuardedMemory(MaxFrame);
        using var output = new GuardedMemory(MaxFrame);
        Fuzzing.Run(dice => AssertStaysWithin(HostileFrame(dice), input, output), iterations: 30_000);
    }

    private static void AssertSame(List<byte[]> expected, List<byte[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
            Assert.True(actual[i].AsSpan().SequenceEqual(expected[i]), $"packet {i} of {expected.Count}");
    }

    // Every packet is written to room of exactly its length, at the end of what may be touched.
    private static void AssertStaysWithin(byte[] frame, GuardedMemory input, GuardedMemory output)
    {
        var segmenter = new Segmenter(input.AtEnd(frame), frame.Length);
        var written = 0L;
        for (var packets = 0; segmenter.NextLength > 0; packets++)
        {
            Assert.True(packets < frame.Length, "there are more packets than bytes");
            Assert.InRange(segmenter.NextLength, 1, frame.Length - VnetHeader.Size);
            written += segmenter.NextLength;
            segmenter.WriteNext(output.AtEnd(segmenter.NextLength));
        }
        Assert.InRange(written, 0, (long)frame.Length * frame.Length);
    }

    private static byte[] HostileFrame(Dice dice)
    {
        var (vnet, packet) = dice.Chance(20) ? Large(dice) : Large(dice, dice.Next(0, 200));
        var frame = new byte[VnetHeader.Size + packet.Length];
        MemoryMarshal.Write(frame, vnet);
        packet.CopyTo(frame, VnetHeader.Size);
        if (dice.Chance(50))
            SetVnetField(dice, frame);
        frame = dice.Chance(70) ? Damage.Of(dice, frame) : frame;
        // The device gives no frame shorter than its header.
        return frame.Length < VnetHeader.Size ? [.. frame, .. new byte[VnetHeader.Size]] : frame[..Math.Min(frame.Length, MaxFrame)];
    }

    // Each of the four numbers behind flags and type: lengths beyond the frame, segments of nothing, checksums that lie elsewhere.
    private static void SetVnetField(Dice dice, byte[] frame)
    {
        var value = dice.Pick<ushort>(0, 1, 19, 20, 39, 40, (ushort)(frame.Length - 11), (ushort)frame.Length, 0xfffe, 0xffff);
        MemoryMarshal.Write(frame.AsSpan(2 + (2 * dice.Next(0, 4))), value);
    }

    private static (VnetHeader Vnet, byte[] Packet) Large(Dice dice) =>
        Large(dice, dice.Chance(20) ? dice.Next(1, 65_000) : dice.Next(1, 6_000));

    private static (VnetHeader Vnet, byte[] Packet) Large(Dice dice, int payload)
    {
        var flags = (byte)(Recipe.Ack | (dice.NextByte() & (Recipe.Fin | Recipe.Push | Recipe.Cwr)));
        var recipe = Extended(dice, Recipe.Any(dice, payload) with { TcpFlags = flags });
        var type = recipe.Udp ? VnetHeader.GsoUdpL4 : recipe.V6 ? VnetHeader.GsoTcp6 : VnetHeader.GsoTcp4;
        var vnet = new VnetHeader
        {
            Flags = VnetHeader.NeedsChecksum,
            GsoType = (flags & Recipe.Cwr) != 0 && !recipe.Udp ? (byte)(type | VnetHeader.GsoEcn) : type,
            HeaderLength = dice.Pick((ushort)recipe.HeaderLength, (ushort)0, (ushort)0xffff),
            GsoSize = (ushort)(dice.Chance(10) ? dice.Next(1, 20) : dice.Next(200, 1_500)),
            ChecksumStart = (ushort)recipe.TransportOffset,
            ChecksumOffset = (ushort)recipe.ChecksumOffset,
        };
        return (vnet, WithPseudoSum(recipe));
    }

    // Header options of IPv4, extension headers of IPv6: TCP and UDP may be cut behind them, too.
    private static Recipe Extended(Dice dice, Recipe recipe) =>
        dice.Chance(80) ? recipe : recipe with { IpExtras = recipe.V6 ? 8 * dice.Next(1, 4) : 4 * dice.Next(1, 11) };

    private static byte[] WithPseudoSum(Recipe recipe)
    {
        var packet = recipe.Build();
        var start = recipe.TransportOffset;
        var protocol = recipe.Udp ? TestPackets.Udp : TestPackets.Tcp;
        var sum = TestPackets.Ones(TestPackets.Pseudo(packet, protocol, packet.Length - start));
        (packet[start + recipe.ChecksumOffset], packet[start + recipe.ChecksumOffset + 1]) = ((byte)(sum >> 8), (byte)sum);
        return packet;
    }
}
