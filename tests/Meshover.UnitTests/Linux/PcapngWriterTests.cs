using System.Buffers.Binary;
using System.Text;
using Meshover.Linux.Capture;
using Xunit;

namespace Meshover.UnitTests.Linux;

/// <summary>Against draft-ietf-opsawg-pcapng, sections 4.1 to 4.3; that tcpdump reads it is seen in the lab.</summary>
public sealed class PcapngWriterTests
{
    [Fact]
    public void Packets_OfTwoInterfaces_AreBlocksOfWholeWords()
    {
        using var output = new MemoryStream();
        var writer = new PcapngWriter(output, snapLength: 5);
        writer.Begin("test");
        writer.Packet([1, 2, 3], 3, nanoseconds: 0x1_0000_0002, "mo-1", isOutgoing: true);
        writer.Packet([4, 5, 6, 7, 8, 9], 1_400, nanoseconds: 7, "mo-2", isOutgoing: false);
        writer.Packet([9], 1, nanoseconds: 8, "mo-1", isOutgoing: false);
        var blocks = Blocks(output.ToArray());

        Assert.Equal([0x0a0d0d0au, 1u, 6u, 1u, 6u, 6u], blocks.Select(block => block.Type));
        Assert.Equal(0x1a2b3c4du, Word(blocks[0].Body, 0));
        Assert.Equal((113u, 5u), (Word(blocks[1].Body, 0), Word(blocks[1].Body, 4)));
        Assert.Contains("mo-2", Encoding.ASCII.GetString(blocks[3].Body), StringComparison.Ordinal);
        // Interface, time of 64 bits, bytes that are kept, bytes that there were.
        Assert.Equal([0u, 1u, 2u, 3u, 3u], Words(blocks[2].Body));
        Assert.Equal([1u, 0u, 7u, 5u, 1_400u], Words(blocks[4].Body));
        Assert.Equal([0u, 0u, 8u, 1u, 1u], Words(blocks[5].Body));
        Assert.Equal([4, 5, 6, 7, 8, 0, 0, 0], blocks[4].Body[20..28]);
        // epb_flags: outbound, inbound.
        Assert.Equal((2u, 1u), (Word(blocks[2].Body, 28), Word(blocks[4].Body, 32)));
    }

    private static uint[] Words(byte[] body) => [.. Enumerable.Range(0, 5).Select(n => Word(body, n * 4))];

    private static uint Word(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static List<(uint Type, byte[] Body)> Blocks(byte[] file)
    {
        var blocks = new List<(uint, byte[])>();
        for (var at = 0; at < file.Length;)
        {
            var length = (int)Word(file, at + 4);
            Assert.Equal((0, (uint)length), (length % 4, Word(file, at + length - 4)));
            blocks.Add((Word(file, at), file[(at + 8)..(at + length - 4)]));
            at += length;
        }
        return blocks;
    }
}
