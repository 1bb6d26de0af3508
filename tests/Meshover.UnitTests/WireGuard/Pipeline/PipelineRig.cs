using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

/// <summary>Runs the segmenter and the coalescer over managed bytes.</summary>
internal static unsafe class PipelineRig
{
    /// <summary>The packets that a frame is cut into.</summary>
    public static List<byte[]> Segment(VnetHeader header, byte[] packet)
    {
        var frame = new byte[VnetHeader.Size + packet.Length];
        MemoryMarshal.Write(frame, header);
        packet.CopyTo(frame, VnetHeader.Size);
        var packets = new List<byte[]>();
        fixed (byte* start = frame)
        {
            var segmenter = new Segmenter(start, frame.Length);
            while (segmenter.NextLength > 0)
            {
                var segment = new byte[segmenter.NextLength];
                fixed (byte* destination = segment)
                    segmenter.WriteNext(destination);
                packets.Add(segment);
            }
        }
        return packets;
    }

    /// <summary>Runs packets through a coalescer and cuts what it writes again, as the kernel would.</summary>
    public static RecordingSink Coalesce(IReadOnlyList<byte[]> packets, bool largeUdp = true)
    {
        const int Place = 70_000;
        var sink = new RecordingSink(largeUdp);
        var memory = (byte*)NativeMemory.Alloc((nuint)(packets.Count * Place));
        using var coalescer = new Coalescer();
        for (var i = 0; i < packets.Count; i++)
        {
            var at = memory + (i * Place) + 64;
            packets[i].CopyTo(new Span<byte>(at, packets[i].Length));
            coalescer.Add(sink, at, packets[i].Length);
        }
        coalescer.Flush();
        NativeMemory.Free(memory);
        return sink;
    }
}

/// <summary>Keeps the frames written to it.</summary>
internal sealed unsafe class RecordingSink(bool largeUdp) : FrameSink
{
    public List<(VnetHeader Header, byte[] Packet)> Frames { get; } = [];

    public override bool TakesLargeTcp => true;

    public override bool TakesLargeUdp => largeUdp;

    /// <summary>All frames cut again.</summary>
    public List<byte[]> Packets => [.. Frames.SelectMany(frame => PipelineRig.Segment(frame.Header, frame.Packet))];

    public override void Write(IoVector* pieces, int count, int length)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < count; i++)
            bytes.AddRange(new ReadOnlySpan<byte>(pieces[i].Start, (int)pieces[i].Length));
        Assert.Equal(length, bytes.Count);
        var frame = bytes.ToArray();
        Frames.Add((MemoryMarshal.Read<VnetHeader>(frame), frame[VnetHeader.Size..]));
    }
}
