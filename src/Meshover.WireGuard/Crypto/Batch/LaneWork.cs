using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Meshover.WireGuard.Crypto.Batch;

/// <summary>
/// What <see cref="PacketLanes{T}"/> does, and the memory it needs meanwhile, on the caller's stack. A step makes a block of key stream, or
/// two, for each packet; block 0 holds the packets' Poly1305 keys, the others are XORed over 64 bytes of their texts each, and the
/// ciphertext goes on into Poly1305 while it still is in columns.
/// </summary>
[SkipLocalsInit]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LaneWork<T>
    where T : unmanaged, IWide<T>
{
    public const int MaxPackets = 8;

    private const int BlockLength = ChaCha20<T>.BlockLength;
    private const int Columns = ChaCha20<T>.Columns;
    private const int PieceLength = TransportCipher.TagLength; // what may be read and written behind a packet's end

    // What is to be zeroed stands first.
    private Groups _keyStream;
    private Group _text;
    private Rows _rest;
    private Authenticators _authenticators;
    private ChaChaLanes<T> _lanes;
    private TagBytes _tags;
    private int _count, _length;
    private bool _seals;
    private Pointers _packets;

    /// <summary>Bytes it needs, wherever they begin.</summary>
    public static int Room => sizeof(LaneWork<T>) + BlockLength;

    public byte* Tags => (byte*)Unsafe.AsPointer(ref _tags);

    private T* KeyStream => (T*)Unsafe.AsPointer(ref _keyStream);

    private T* Text => (T*)Unsafe.AsPointer(ref _text);

    private byte** Packets => (byte**)Unsafe.AsPointer(ref _packets);

    /// <param name="memory"><see cref="Room"/> bytes.</param>
    /// <param name="jobs">The packets.</param>
    /// <param name="count">How many: as many as there are 64-bit lanes, or twice that.</param>
    /// <param name="seals">Whether it encrypts; else it decrypts.</param>
    public static LaneWork<T>* Begin(byte* memory, PacketJob* jobs, int count, bool seals)
    {
        var work = (LaneWork<T>*)(((nuint)memory + BlockLength - 1) & ~(nuint)(BlockLength - 1)); // vectors within cache lines
        work->_lanes.Set(jobs, count);
        (work->_count, work->_length, work->_seals) = (count, jobs->Length, seals);
        for (var i = 0; i < count; i++)
            work->Packets[i] = jobs[i].Packet;
        return work;
    }

    /// <summary>En- or decrypts the packets, and makes their <see cref="Tags"/>.</summary>
    public void Run(uint* key)
    {
        var lastBlock = (_length + BlockLength - 1) / BlockLength;
        var blocksAtOnce = 2 * T.Lanes / _count;
        for (var block = 0; block <= lastBlock; block += blocksAtOnce)
        {
            ChaCha20<T>.MakeBlocks(key, _lanes, (uint)block, KeyStream);
            UseBlock(block, firstPacket: 0, KeyStream);
            if (blocksAtOnce == 1)
                UseBlock(block, firstPacket: T.Lanes, KeyStream + Columns);
            else if (block < lastBlock)
                UseBlock(block + 1, firstPacket: 0, KeyStream + Columns);
        }
        for (var i = 0; i < _count; i += T.Lanes)
            Finish(i);
    }

    /// <summary>Zeroes everything secret.</summary>
    public void Clear()
    {
        var start = (byte*)Unsafe.AsPointer(ref this);
        CryptographicOperations.ZeroMemory(new Span<byte>(start, (int)((byte*)AuthenticatorOf(_count) - start)));
    }

    private Poly1305<T>* AuthenticatorOf(int firstPacket) =>
        (Poly1305<T>*)Unsafe.AsPointer(ref _authenticators) + (firstPacket / T.Lanes);

    /// <summary>Uses a block of key stream on as many packets as there are lanes.</summary>
    private void UseBlock(int block, int firstPacket, T* keyStream)
    {
        if (block == 0)
        {
            AuthenticatorOf(firstPacket)->Begin(keyStream);
            return;
        }
        var offset = (block - 1) * BlockLength;
        if (offset + BlockLength <= _length)
            Crypt(Packets + firstPacket, offset, BlockLength, firstPacket, keyStream);
        else
            CryptRest(offset, firstPacket, keyStream);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Crypt(byte** packets, int offset, int length, int firstPacket, T* keyStream)
    {
        var text = Text;
        T.LoadColumns(packets, offset, text);
        if (!_seals)
            Authenticate(text, length, firstPacket);
        for (var i = 0; i < Columns; i++)
            text[i] ^= keyStream[i];
        if (_seals)
            Authenticate(text, length, firstPacket);
        T.StoreColumns(text, packets, offset);
    }

    /// <summary>
    /// The ends of the packets, in a copy: reading 64 bytes there might reach into memory that is not ours. They are copied in pieces that
    /// reach over the end, but not over the tag behind it.
    /// </summary>
    private void CryptRest(int offset, int firstPacket, T* keyStream)
    {
        byte** rows = stackalloc byte*[T.Lanes];
        var length = _length - offset;
        for (var i = 0; i < T.Lanes; i++)
        {
            rows[i] = (byte*)Unsafe.AsPointer(ref _rest) + (i * BlockLength);
            CopyPieces(rows[i], Packets[firstPacket + i] + offset, length);
        }
        Crypt(rows, 0, length, firstPacket, keyStream);
        for (var i = 0; i < T.Lanes; i++)
            CopyPieces(Packets[firstPacket + i] + offset, rows[i], length);
    }

    private static void CopyPieces(byte* to, byte* from, int length)
    {
        for (var i = 0; i < length; i += PieceLength)
            Vector128.Load(from + i).Store(to + i);
    }

    private void Authenticate(T* ciphertext, int length, int firstPacket)
    {
        if (length < BlockLength)
            Cut(ciphertext, length);
        AuthenticatorOf(firstPacket)->Add(ciphertext, (length + PieceLength - 1) / PieceLength);
    }

    /// <summary>Makes zeros of what is behind the text's end: RFC 8439 section 2.8 pads so to 16 bytes.</summary>
    private static void Cut(T* columns, int length)
    {
        var last = length / sizeof(ulong);
        columns[last] &= T.Create((1UL << (length % sizeof(ulong) * 8)) - 1);
        for (var i = last + 1; i < Columns; i++)
            columns[i] = default;
    }

    /// <summary>At last, section 2.8 authenticates how much additional data there is, which is none, and how much text.</summary>
    private void Finish(int firstPacket)
    {
        var lengths = Text;
        lengths[0] = default;
        lengths[1] = T.Create((ulong)_length);
        AuthenticatorOf(firstPacket)->Add(lengths, 1);
        AuthenticatorOf(firstPacket)->Finish(out var low, out var high);
        for (var i = 0; i < T.Lanes; i++)
        {
            var tag = (ulong*)(Tags + ((firstPacket + i) * TransportCipher.TagLength));
            (tag[0], tag[1]) = (((ulong*)&low)[i], ((ulong*)&high)[i]);
        }
    }

    [InlineArray(Columns)]
    private struct Group
    {
        private T _first;
    }

    [InlineArray(2)]
    private struct Groups
    {
        private Group _first;
    }

    [InlineArray(2)]
    private struct Authenticators
    {
        private Poly1305<T> _first;
    }

    [InlineArray(MaxPackets * BlockLength)]
    private struct Rows
    {
        private byte _first;
    }

    [InlineArray(MaxPackets * TransportCipher.TagLength)]
    private struct TagBytes
    {
        private byte _first;
    }

    [InlineArray(MaxPackets)]
    private struct Pointers
    {
        private nint _first;
    }
}
