using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// The devices that a send worker reads, by their numbers in its epoll. The control thread adds and removes, the worker finds.
/// </summary>
/// <param name="firstKey">Numbers below it mean something else.</param>
internal sealed class TunSources(uint firstKey)
{
    private TunSource?[] _sources = new TunSource?[16];
    private uint _lastKey = firstKey - 1;

    /// <summary>Null if that device is gone.</summary>
    public TunSource? Find(uint key) => Volatile.Read(ref Volatile.Read(ref _sources)[key]);

    public TunSource Add(TunPort port, Peer? peer, GreHeader? gre)
    {
        var source = new TunSource(port, peer, gre, FreeKey());
        Volatile.Write(ref _sources[source.Key], source);
        return source;
    }

    public void Remove(TunSource source) => Volatile.Write(ref _sources[source.Key], null);

    // In turn: an event of a device that is gone may still wait in the worker's list, and must not count as a new device's.
    private uint FreeKey()
    {
        for (var tried = firstKey; tried < _sources.Length; tried++)
        {
            _lastKey = _lastKey + 1 < _sources.Length ? _lastKey + 1 : firstKey;
            if (_sources[_lastKey] is null)
                return _lastKey;
        }
        var larger = new TunSource?[_sources.Length * 2];
        _sources.CopyTo(larger, 0);
        Volatile.Write(ref _sources, larger);
        _lastKey = (uint)(larger.Length / 2);
        return _lastKey;
    }
}

/// <summary>A device that a send worker reads.</summary>
/// <param name="Peer">Whose link it is; null for the main device.</param>
/// <param name="Key">Its number in the worker's epoll.</param>
internal sealed record TunSource(TunPort Port, Peer? Peer, GreHeader? Gre, uint Key)
{
    /// <summary>It waits for its turn; <see cref="DeviceTurns"/>'.</summary>
    public bool IsQueued { get; set; }

    /// <summary>Bytes that it may still send; <see cref="DeviceTurns"/>'.</summary>
    public int Credit { get; set; }
}
