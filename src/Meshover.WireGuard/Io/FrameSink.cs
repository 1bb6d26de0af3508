using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Io;

/// <summary>Takes frames (a vnet header and a packet) for the kernel. One call per frame, which may be dozens of packets.</summary>
internal abstract unsafe class FrameSink
{
    /// <summary>Takes TCP packets beyond its MTU, to be cut by whoever needs them smaller.</summary>
    public abstract bool TakesLargeTcp { get; }

    /// <summary>The same of UDP (Linux 6.2).</summary>
    public abstract bool TakesLargeUdp { get; }

    /// <summary>Writes the pieces as one frame; a failure is counted by the sink.</summary>
    public abstract void Write(IoVector* pieces, int count, int length);
}
