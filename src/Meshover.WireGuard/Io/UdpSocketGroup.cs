namespace Meshover.WireGuard.Io;

/// <summary>
/// The sockets of one address family on one port: one for handshakes, which is the control thread's, and one for each worker, who gets the
/// packets of its own peers (<see cref="ReceiveSteering"/>): a flood of handshakes fills no buffer that packets need. Each sends by its own.
/// </summary>
internal sealed class UdpSocketGroup : IDisposable
{
    private readonly UdpSocket[] _sockets; // the control thread's first

    private UdpSocketGroup(UdpSocket[] sockets) => _sockets = sockets;

    /// <summary>How many workers have one; the first is number 0.</summary>
    public int Workers => _sockets.Length - 1;

    /// <summary>For all that is no transport message.</summary>
    public UdpSocket Control => _sockets[0];

    public UdpSocket this[int worker] => _sockets[worker + 1];

    /// <summary>Null if the machine does not speak this family.</summary>
    /// <exception cref="IoException">As <see cref="UdpSocket.TryOpen"/>.</exception>
    public static UdpSocketGroup? TryOpen(bool isV6, int port, uint mark, OffloadKinds offloads, int workers)
    {
        // The first binds alone, so that a port in use is noticed; another engine's sockets would share it.
        if (UdpSocket.TryOpen(isV6, port, mark, offloads) is not { } first)
            return null;
        var sockets = new List<UdpSocket>(workers + 1) { first };
        try
        {
            Share(sockets, isV6, mark, offloads, workers);
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
    public long ReadDrops() => _sockets.Skip(1).Sum(socket => (long)socket.ReadDrops());

    public void Dispose()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
    }

    // The kernel numbers the sockets of a group in the order in which they joined it. All have the same options: before it knows which of
    // them a datagram is for, it asks any of them whether it may join datagrams (UDP_GRO).
    private static void Share(List<UdpSocket> sockets, bool isV6, uint mark, OffloadKinds offloads, int workers)
    {
        var port = sockets[0].ReadPort();
        sockets[0].Share();
        while (sockets.Count <= workers)
        {
            sockets.Add(UdpSocket.TryOpen(isV6, port, mark, offloads, shares: true)
                ?? throw new IoException($"share UDP port {port}", Libc.AddressNotAvailable));
        }
        sockets[0].Steer(ReceiveSteering.Program(workers));
    }
}
