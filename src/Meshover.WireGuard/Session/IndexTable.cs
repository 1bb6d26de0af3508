using System.Buffers.Binary;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// Our 32-bit receiver indices: random, so that they tell an observer nothing. The high bits of an index are its place in the table (the
/// low ones are not free: they say its class), so that a receive worker finds a transport with one read and no lock; the control thread
/// alone adds and removes.
/// </summary>
/// <param name="entropy">Where indices come from.</param>
/// <param name="classes">Index modulo this is the worker that owns it, so that a socket filter can steer packets; 1 for no classes.</param>
internal sealed class IndexTable(IEntropy entropy, int classes = 1)
{
    private IndexEntry?[] _places = new IndexEntry?[64];
    private int _count;

    public int Count => _count;

    /// <summary>The transport that packets with this index are for, or null. Any thread.</summary>
    public TransportSession? FindSession(uint index) => Find(index)?.TransportSession;

    /// <summary>Any thread.</summary>
    public IndexEntry? Find(uint index)
    {
        var places = Volatile.Read(ref _places);
        var entry = Volatile.Read(ref places[Place(index, places)]);
        return entry?.Index == index ? entry : null;
    }

    /// <summary>Gives out a new index of the class; control thread.</summary>
    public IndexEntry Add(PeerSession session, int indexClass)
    {
        if (_count * 2 >= _places.Length)
            Grow();
        var entry = new IndexEntry(NextFree(indexClass), session);
        Volatile.Write(ref _places[Place(entry.Index, _places)], entry);
        _count++;
        return entry;
    }

    /// <summary>Takes it back; packets with it are no longer found. Control thread.</summary>
    public void Remove(IndexEntry entry)
    {
        ref var place = ref _places[Place(entry.Index, _places)];
        if (!ReferenceEquals(place, entry))
            return;
        Volatile.Write(ref place, null);
        _count--;
    }

    private uint NextFree(int indexClass)
    {
        Span<byte> random = stackalloc byte[4];
        while (true) // at most half of the places are taken: two draws on average
        {
            entropy.Fill(random);
            var drawn = BinaryPrimitives.ReadUInt32LittleEndian(random);
            var index = (ulong)(drawn - (drawn % (uint)classes)) + (uint)indexClass;
            if (index <= uint.MaxValue && _places[Place((uint)index, _places)] is null)
                return (uint)index;
        }
    }

    // A longer table only tells apart more of an index's bits, so no two entries can meet in one place.
    private void Grow()
    {
        var larger = new IndexEntry?[_places.Length * 2];
        foreach (var entry in _places)
        {
            if (entry is not null)
                larger[Place(entry.Index, larger)] = entry;
        }
        Volatile.Write(ref _places, larger);
    }

    private static uint Place(uint index, IndexEntry?[] places) => (uint)(((ulong)index * (uint)places.Length) >> 32);
}

/// <summary>One index given out: first to a handshake in progress, then to the transport that it ends with.</summary>
internal sealed class IndexEntry(uint index, PeerSession session)
{
    private volatile TransportSession? _session;

    public uint Index => index;

    public PeerSession Session => session;

    /// <summary>Null while the handshake is in progress.</summary>
    public TransportSession? TransportSession
    {
        get => _session;
        set => _session = value;
    }
}
