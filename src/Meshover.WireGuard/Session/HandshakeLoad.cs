namespace Meshover.WireGuard.Session;

/// <summary>
/// Whether so many handshakes are asked of us that those who ask must prove their addresses first (WireGuard paper, section 5.3). Answers to
/// our own do not count: we asked for them, at our own pace (<see cref="HandshakePacer"/>).
/// </summary>
/// <param name="perSecond">Messages a second from which on it is so.</param>
internal sealed class HandshakeLoad(int perSecond)
{
    private const long Window = 250;
    private const long Hold = 1_000; // once under load, for a second at least: a cookie must be of use when it comes back
    private const int LongBacklog = 512;

    private long _windowStart;
    private int _count;
    private long _underLoadUntil;

    /// <summary>Counts one message.</summary>
    /// <param name="now">Milliseconds.</param>
    /// <param name="backlog">Initiations that wait behind it.</param>
    public bool IsUnderLoad(long now, int backlog)
    {
        if (now - _windowStart >= Window)
            (_windowStart, _count) = (now, 0);
        _count++;
        if (_count * 1_000L > perSecond * Window || backlog >= LongBacklog)
            _underLoadUntil = now + Hold;
        return now < _underLoadUntil;
    }
}
