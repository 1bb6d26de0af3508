using System.Buffers.Binary;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// When a session that goes on though an end has another key is agreed anew: soon, so that the former key can be given up, but not with all
/// peers in one moment. Milliseconds; control thread.
/// </summary>
internal sealed class KeyRenewal(IEntropy entropy)
{
    /// <summary>A peer that did not answer, or answered the former key, may not have heard of the new one yet.</summary>
    private const long RetryInterval = 60_000;

    private int _spread;
    private long _dueAt;

    /// <param name="spread">It is due at some moment within this time, above 0.</param>
    public void KeysChanged(int spread) => (_spread, _dueAt) = (spread, 0);

    public void KeysAgreed() => (_spread, _dueAt) = (0, 0);

    public bool IsDue(long now)
    {
        if (_spread > 0)
            (_spread, _dueAt) = (0, now + Random(_spread));
        if (_dueAt == 0 || now < _dueAt)
            return false;
        _dueAt = now + RetryInterval;
        return true;
    }

    private long Random(int bound)
    {
        Span<byte> random = stackalloc byte[4];
        entropy.Fill(random);
        return BinaryPrimitives.ReadUInt32LittleEndian(random) % bound;
    }
}
