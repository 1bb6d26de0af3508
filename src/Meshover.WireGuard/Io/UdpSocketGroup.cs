namespace Meshover.WireGuard.Io;

/// <summary>
/// The sockets of one address family on one port, one for each worker. The kernel gives each worker the packets of its own peers
/// (<see cref="ReceiveSteering"/>), and a worker sends by its own socket.
/// </summary>
internal sealed class UdpSocketGroup : IDisposable
{
    private readonly UdpSocket[] _sockets;

    private UdpSocketGroup(UdpSocket[] sockets) => _sockets = sockets;

    /// <summary>How many; the first is number 0.</summary>
    public int Count => _sockets.Length;

    public UdpSocket this[int worker] => _sockets[worker];

    /// <summary>Null if the machine does not speak this family.</summary>
    /// <exception cref="IoException">As <see cref="UdpSocket.TryOpen"/>.</exception>
    public static UdpSocketGroup? TryOpen(bool isV6, int port, uint mark, OffloadKinds offloads, int count)
    {
        // The first binds alone, so that a port in use is noticed; another engine's sockets would share it.
        if (UdpSocket.TryOpen(isV6, port, mark, offloads) is not { } first)
            return null;
        var sockets = new List<UdpSocket>(count) { first };
        try
        {
            if (count > 1)
                Share(sockets, isV6, mark, offloads, count);
            return new UdpSocketGroup([.. sockets]);
        }
        catch
        {
            sockets.ForEach(socket => socket.Dispose());
            throw;
        }
    }

    public void SetMark(uint mark)
    {
        foreach (var socket in _sockets)
            socket.SetMark(mark);
    }

    /// <inheritdoc cref="UdpPort.ReadDrops"/>
    public long ReadDrops() => _sockets.Sum(socket => (long)socket.ReadDrops());

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    // The kernel numbers the sockets of a group in the order in which they joined it.
    private static void Share(List<UdpSocket> sockets, bool isV6, uint mark, OffloadKinds offloads, int count)
    {
        var port = sockets[0].ReadPort();
        sockets[0].Share();
        while (sockets.Count < count)
        {
            sockets.Add(UdpSocket.TryOpen(isV6, port, mark, offloads, shares: true)
                ?? throw new IoException($"share UDP port {port}", Libc.AddressNotAvailable));
        }
        sockets[0].Steer(ReceiveSteering.Program(count));
    }
}
