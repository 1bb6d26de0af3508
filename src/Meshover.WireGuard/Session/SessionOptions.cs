using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>What a <see cref="SessionManager"/> works with.</summary>
internal sealed record SessionOptions
{
    public required ISessionSink Sink { get; init; }

    /// <summary>Only its wall clock is used, for handshake timestamps: all else goes by the <c>now</c> that is passed in.</summary>
    public required TimeProvider Clock { get; init; }

    public required ITai64nStore TimestampStore { get; init; }

    /// <summary>One per data thread.</summary>
    public required IReadOnlyList<WorkerGate> Gates { get; init; }

    /// <summary>An index modulo this is the receive worker that owns it.</summary>
    public int IndexClasses { get; init; } = 1;

    /// <summary>Handshakes that others begin, a second, above which they must first prove their address by a cookie.</summary>
    public int HandshakesPerSecond { get; init; } = 2_000;

    /// <summary>Handshakes that we begin, a second: about a third of what the control thread could do.</summary>
    public int InitiationsPerSecond { get; init; } = 1_000;

    public ProtocolTimes Times { get; init; } = new();

    public IEntropy Entropy { get; init; } = SystemEntropy.Instance;
}
