namespace Meshover.Linux.Netlink;

/// <summary>Carries whole netlink datagrams. The kernel's is <see cref="NetlinkSocket"/>; unit tests have a fake.</summary>
public interface INetlinkTransport : IDisposable
{
    /// <exception cref="NetlinkException">The socket refused.</exception>
    void Send(ReadOnlySpan<byte> datagram);

    /// <summary>Blocks until a datagram comes and returns its length. The buffer must hold 64 KiB: more than the kernel ever sends at once.</summary>
    /// <exception cref="NetlinkException">The socket failed; ENOBUFS where notifications were lost.</exception>
    int Receive(Span<byte> buffer);
}
