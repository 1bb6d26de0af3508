using System.Buffers.Binary;
using CsCheck;
using Meshover.WireGuard.Pipeline;

namespace Meshover.UnitTests.WireGuard.Pipeline;

public sealed unsafe class ChecksumTests
{
    [Fact]
    public void Add_AnyBytesAtAnyAlignment_GivesTheSumOfRfc1071() =>
        Gen.Select(Gen.Byte.Array[0, 1500], Gen.Int[0, 31]).Sample((data, shift) =>
        {
            var moved = (byte[])[.. new byte[shift], .. data];
            fixed (byte* start = moved)
                Assert.Equal(TestPackets.Ones(data), InNetworkOrder(Checksum.Fold(Checksum.Add(start + shift, data.Length))));
        });

    [Fact]
    public void Add_OnlyOnes_CarriesAround()
    {
        var data = Enumerable.Repeat((byte)0xff, 1 << 16).ToArray();
        fixed (byte* start = data)
            Assert.Equal(0xffff, Checksum.Fold(Checksum.Add(start, data.Length)));
    }

    [Fact]
    public void CopyAndAdd_AnyBytes_CopiesThemAndGivesTheSameSum() =>
        Gen.Select(Gen.Byte.Array[0, 1500], Gen.ULong[0, uint.MaxValue]).Sample((data, before) =>
        {
            var copy = new byte[data.Length + 1];
            copy[^1] = 0xa5;
            fixed (byte* source = data, destination = copy)
            {
                var sum = Checksum.CopyAndAdd(destination, source, data.Length, before);
                Assert.Equal(Checksum.Fold(Checksum.Add(source, data.Length, before)), Checksum.Fold(sum));
            }
            Assert.Equal(data, copy[..^1]);
            Assert.Equal(0xa5, copy[^1]);
        });

    private static ushort InNetworkOrder(ushort sum) => BinaryPrimitives.ReverseEndianness(sum);
}
