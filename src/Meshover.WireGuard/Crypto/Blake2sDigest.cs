using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto;

/// <summary>
/// BLAKE2s as RFC 7693 has it, on the stack: nothing is left for the collector, and what has been hashed, keys above all, is zeroed.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct Blake2sDigest
{
    private const int BlockLength = 64;
    private const int StateWords = 8;
    private const int Rounds = 10;

    private State _state;
    private Block _block;
    private int _filled;
    private ulong _taken;

    /// <param name="hashLength">Bytes, 1 to 32.</param>
    /// <param name="key">Up to 32 bytes; empty for none.</param>
    public Blake2sDigest(int hashLength, ReadOnlySpan<byte> key)
    {
        Iv.CopyTo(_state);
        _state[0] ^= 0x0101_0000 ^ ((uint)key.Length << 8) ^ (uint)hashLength;
        if (key.IsEmpty)
            return;
        key.CopyTo(_block);
        _filled = BlockLength; // the key is a block of its own
    }

    private static ReadOnlySpan<uint> Iv =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static ReadOnlySpan<byte> Sigma =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    public void Add(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_filled == BlockLength)
                Compress(isLast: false); // not before there is more: the last block is marked
            var taken = Math.Min(data.Length, BlockLength - _filled);
            data[..taken].CopyTo(((Span<byte>)_block)[_filled..]);
            _filled += taken;
            data = data[taken..];
        }
    }

    /// <summary>Writes the hash and zeroes everything; of no use afterwards.</summary>
    /// <param name="hash">Of the length that was asked for.</param>
    public void Finish(Span<byte> hash)
    {
        ((Span<byte>)_block)[_filled..].Clear();
        Compress(isLast: true);
        Span<byte> whole = stackalloc byte[StateWords * sizeof(uint)];
        for (var i = 0; i < StateWords; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(whole[(i * sizeof(uint))..], _state[i]);
        whole[..hash.Length].CopyTo(hash);
        CryptographicOperations.ZeroMemory(whole);
        CryptographicOperations.ZeroMemory(_block);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<uint>)_state));
    }

    [SkipLocalsInit]
    private void Compress(bool isLast)
    {
        Span<uint> words = stackalloc uint[2 * StateWords];
        Span<uint> message = stackalloc uint[BlockLength / sizeof(uint)];
        _taken += (ulong)_filled;
        ((ReadOnlySpan<uint>)_state).CopyTo(words);
        Iv.CopyTo(words[StateWords..]);
        words[12] ^= (uint)_taken;
        words[13] ^= (uint)(_taken >> 32);
        words[14] ^= isLast ? uint.MaxValue : 0;
        for (var i = 0; i < message.Length; i++)
            message[i] = BinaryPrimitives.ReadUInt32LittleEndian(((ReadOnlySpan<byte>)_block)[(i * sizeof(uint))..]);
        for (var round = 0; round < Rounds; round++)
            Mix(words, message, Sigma.Slice(round * 16, 16));
        for (var i = 0; i < StateWords; i++)
            _state[i] ^= words[i] ^ words[i + StateWords];
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(message));
        _filled = 0;
    }

    // Columns, then diagonals.
    private static void Mix(Span<uint> v, ReadOnlySpan<uint> message, ReadOnlySpan<byte> order)
    {
        for (var i = 0; i < 4; i++)
            Mix(ref v[i], ref v[i + 4], ref v[i + 8], ref v[i + 12], message[order[2 * i]], message[order[(2 * i) + 1]]);
        for (var i = 0; i < 4; i++)
        {
            ref var d = ref v[((i + 3) & 3) + 12];
            Mix(ref v[i], ref v[((i + 1) & 3) + 4], ref v[((i + 2) & 3) + 8], ref d, message[order[8 + (2 * i)]], message[order[9 + (2 * i)]]);
        }
    }

    private static void Mix(ref uint a, ref uint b, ref uint c, ref uint d, uint x, uint y)
    {
        a += b + x;
        d = BitOperations.RotateRight(d ^ a, 16);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 12);
        a += b + y;
        d = BitOperations.RotateRight(d ^ a, 8);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 7);
    }

    [InlineArray(BlockLength)]
    private struct Block
    {
        private byte _first;
    }

    [InlineArray(StateWords)]
    private struct State
    {
        private uint _first;
    }
}
