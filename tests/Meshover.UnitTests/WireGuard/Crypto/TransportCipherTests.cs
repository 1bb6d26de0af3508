using System.Buffers.Binary;
using Meshover.UnitTests.WireGuard.Session;
using Meshover.WireGuard.Crypto;

namespace Meshover.UnitTests.WireGuard.Crypto;

public sealed class TransportCipherTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(3, 32).Select(i => (byte)i)];

    [Fact]
    public void Seal_EveryLengthToTheMtu_IsChaCha20Poly1305WithTheCounterAsNonce()
    {
        using var cipher = TransportCipher.ForSealing(Key);
        var nonce = new byte[12];
        for (var length = 0; length <= 1_500; length += length < 200 ? 1 : 13)
        {
            var counter = (ulong)length << 40 | 5;
            var expected = new byte[length + 16];
            BinaryPrimitives.WriteUInt64LittleEndian(nonce.AsSpan(4), counter);
            Aead.Seal(Key, nonce, Packet(length), [], expected);

            var buffer = Buffer(length);
            Ciphers.Seal(cipher, buffer, length, counter);
            Assert.Equal(expected, buffer);
        }
    }

    [Fact]
    public void Open_WhatWasSealed_GivesItBack()
    {
        using var sealing = TransportCipher.ForSealing(Key);
        using var opening = TransportCipher.ForOpening(Key);
        foreach (var length in (int[])[0, 1, 16, 64, 1_420, 9_000])
        {
            var buffer = Buffer(length);
            Ciphers.Seal(sealing, buffer, length, 77);
            Assert.True(Ciphers.Open(opening, buffer, length, 77));
            Assert.Equal(Packet(length), buffer[..length]);
        }
    }

    [Fact]
    public void Open_AnyBitFlippedOrAnotherCounter_IsRefusedAndTheNextPacketIsNot()
    {
        using var sealing = TransportCipher.ForSealing(Key);
        using var opening = TransportCipher.ForOpening(Key);
        var genuine = Buffer(40);
        Ciphers.Seal(sealing, genuine, 40, 9);

        for (var bit = 0; bit < genuine.Length * 8; bit++)
        {
            byte[] damaged = [.. genuine];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Ciphers.Open(opening, damaged, 40, 9));
        }
        Assert.False(Ciphers.Open(opening, [.. genuine], 40, 10));
        Assert.True(Ciphers.Open(opening, genuine, 40, 9));
    }

    [Fact]
    public void SealAndOpen_ManyPackets_AllocateNothing()
    {
        using var sealing = TransportCipher.ForSealing(Key);
        using var opening = TransportCipher.ForOpening(Key);
        var buffer = Buffer(1_420);
        Ciphers.Seal(sealing, buffer, 1_420, 0);
        Ciphers.Open(opening, buffer, 1_420, 0);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong counter = 1; counter < 1_000; counter++)
        {
            Ciphers.Seal(sealing, buffer, 1_420, counter);
            Ciphers.Open(opening, buffer, 1_420, counter);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void ForSealing_KeyOfAnotherLength_Throws() =>
        Assert.Throws<ArgumentException>(() => TransportCipher.ForSealing(new byte[31]));

    private static byte[] Packet(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

    private static byte[] Buffer(int length) => [.. Packet(length), .. new byte[16]];
}
