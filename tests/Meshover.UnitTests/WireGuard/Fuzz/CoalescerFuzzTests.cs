using System.Runtime.InteropServices;
using Meshover.UnitTests.WireGuard.Pipeline;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Fuzz;

/// <summary>
/// Packets as they lie in a receive buffer, datagram behind datagram, go through the coalescer; what it wrote is cut again by the
/// reference. The same packets must come out, in the same order.
/// </summary>
public sealed unsafe class CoalescerFuzzTests
{
    private const int HeaderBytes = 16, TagBytes = 16;

    [Fact]
    public void Coalesce_AnyFlows_ThenCutByTheReference_GivesTheSamePackets() => Fuzzing.Run(
        dice => AssertSame(dice, Flows(dice)), iterations: 150);

    [Fact]
    public void Coalesce_WhatTheSegmenterCut_ThenCutByTheReference_GivesTheSamePackets() => Fuzzing.Run(
        dice =>
        {
            var packets = new List<byte[]>();
            for (var frames = dice.Next(1, 4); frames > 0; frames--)
            {
                var recipe = Recipe.Any(dice, dice.Next(1, 30_000));
                packets.AddRange(PipelineRig.Segment(SegmenterTests.Gso(recipe.V6, recipe.Udp, dice.Next(400, 1_400)), recipe.Build()));
            }
            AssertSame(dice, packets);
        },
        iterations: 100);

    private static void AssertSame(Dice dice, List<byte[]> packets)
    {
        RecordingSink[] sinks = [new(largeUdp: true), new(dice.Chance(50))];
        var choices = new List<byte[]>[] { [], [] };
        Coalesce(packets, packet =>
        {
            var sink = packet[^1] % 7 == 0 ? 1 : 0;
            choices[sink].Add([.. packet]);
            return sinks[sink];
        });
        for (var i = 0; i < sinks.Length; i++)
            AssertSame(choices[i], sinks[i].Frames);
    }

    private static void AssertSame(List<byte[]> packets, List<(VnetHeader Header, byte[] Packet)> frames)
    {
        var next = 0;
        foreach (var (vnet, frame) in frames)
        {
            KernelRules.AssertTaken(vnet, frame);
            var pieces = ReferenceSegmenter.Cut(vnet, frame);
            foreach (var piece in pieces)
                AssertSame(packets[next++], piece, joined: pieces.Count > 1);
        }
        Assert.Equal(packets.Count, next);
    }

    // A joined packet has one identification, and its pieces count on from it: with DF, where it means nothing, originals may differ there.
    private static void AssertSame(byte[] original, byte[] piece, bool joined)
    {
        if (joined && !TestPackets.IsV6(piece) && (piece[6] & 0x40) != 0)
        {
            Assert.Equal(0xffff, TestPackets.Ones(piece.AsSpan(0, 20)));
            original[4..6].CopyTo(piece, 4);
            original[10..12].CopyTo(piece, 10);
        }
        Assert.True(piece.AsSpan().SequenceEqual(original), $"{Convert.ToHexString(original)} became {Convert.ToHexString(piece)}");
    }

    // The datagrams of a buffer: header, packet with its padding, tag. What lies between must not matter, nor be overwritten before its time.
    private static void Coalesce(List<byte[]> packets, Func<byte[], RecordingSink> sinkOf)
    {
        var places = packets.ConvertAll(packet => HeaderBytes + ((packet.Length + 15) & ~15) + TagBytes);
        using var memory = new GuardedMemory(places.Sum() + 64);
        var at = memory.AtEnd(places.Sum());
        var starts = new List<nint>();
        for (var i = 0; i < packets.Count; at += places[i++])
        {
            packets[i].CopyTo(new Span<byte>(at + HeaderBytes, packets[i].Length));
            starts.Add((nint)(at + HeaderBytes));
        }
        using var coalescer = new Coalescer();
        for (var i = 0; i < packets.Count; i++)
            coalescer.Add(sinkOf(packets[i]), (byte*)starts[i], packets[i].Length);
        coalescer.Flush();
    }

    private static List<byte[]> Flows(Dice dice)
    {
        var flows = new Recipe[dice.Next(1, 4)];
        for (var i = 0; i < flows.Length; i++)
            flows[i] = Recipe.Any(dice, payload: 0);
        var packets = new List<byte[]>();
        for (var runs = dice.Next(1, 8); runs > 0; runs--)
        {
            ref var flow = ref flows[dice.Next(0, flows.Length)];
            var size = dice.Chance(20) ? dice.Next(1, 20) : dice.Next(1, 1_380);
            for (var count = dice.Next(1, 80); count > 0; count--)
                AddPacket(dice, packets, ref flow, size);
        }
        return packets;
    }

    private static void AddPacket(Dice dice, List<byte[]> packets, ref Recipe flow, int size)
    {
        var isOdd = dice.Chance(6);
        var recipe = flow with { Payload = dice.Bytes(isOdd ? dice.Next(0, 1_380) : size) };
        recipe = isOdd ? Oddity(dice, recipe) : recipe;
        flow = flow with
        {
            Sequence = recipe.Sequence + (uint)recipe.Payload.Length,
            Identification = (ushort)(flow.Identification + dice.Next(0, 3)),
        };
        var packet = recipe.Build();
        if (dice.Chance(2))
            packet = Harmed(dice, packet);
        if (packet.Length > 0)
            packets.Add(packet);
    }

    private static Recipe Oddity(Dice dice, Recipe recipe) => dice.Next(0, 9) switch
    {
        0 => recipe with { TcpFlags = Recipe.Ack | Recipe.Push },
        1 => recipe with { TcpFlags = dice.NextByte() },
        2 => recipe with { Sequence = recipe.Sequence + (uint)dice.Next(-3, 4) },
        3 => recipe with { Acknowledgement = recipe.Acknowledgement + 1 },
        4 => recipe with { Window = (ushort)(recipe.Window + 1) },
        5 => recipe with { TimeToLive = (byte)(recipe.TimeToLive - 1) },
        6 => recipe with { TrafficClass = (byte)(recipe.TrafficClass ^ 3) },
        7 => recipe with { TcpOptions = dice.Bytes(recipe.TcpOptions.Length) },
        _ => recipe with { DontFragment = !recipe.DontFragment },
    };

    // Only what the receive worker would let through: a packet of the length that it says it has.
    private static byte[] Harmed(Dice dice, byte[] packet)
    {
        var harmed = Damage.Of(dice, packet);
        fixed (byte* start = harmed)
            return harmed[..IpHeader.PacketLength(start, harmed.Length)];
    }
}
