using System.Collections.Immutable;

namespace Meshover.WireGuard.Io;

/// <summary>The engine's UDP port: a group of sockets each for IPv4 and IPv6, whichever the machine has.</summary>
internal sealed unsafe class UdpPort : IDisposable
{
    // The kernel picks a free port for one family; that it is taken in the other is unlikely, and ten times unlikelier in a row.
    private const int MaxAttempts = 10;

    private UdpPort(UdpSocketGroup? v4, UdpSocketGroup? v6, int port)
    {
        V4 = v4;
        V6 = v6;
        Port = port;
        ControlSockets = [.. new[] { v4?.Control, v6?.Control }.OfType<UdpSocket>()];
    }

    public UdpSocketGroup? V4 { get; }

    public UdpSocketGroup? V6 { get; }

    public int Port { get; }

    /// <summary>Where handshakes come in: one or two sockets, the control thread's.</summary>
    public ImmutableArray<UdpSocket> ControlSockets { get; }

    /// <param name="port">0: the kernel chooses one that is free in both families.</param>
    /// <param name="mark">Firewall mark; 0 for none.</param>
    /// <param name="offloads">Use what the kernel has of them.</param>
    /// <param name="workers">How many of them get a socket of each family, besides the control thread.</param>
    /// <exception cref="IoException">The port is in use, there is no permission, or neither IPv4 nor IPv6.</exception>
    public static UdpPort Open(int port, uint mark, OffloadKinds offloads, int workers)
    {
        for (var attempt = 1; ; attempt++)
        {
            var v4 = UdpSocketGroup.TryOpen(isV6: false, port, mark, offloads, workers);
            UdpSocketGroup? v6 = null;
            try
            {
                v6 = UdpSocketGroup.TryOpen(isV6: true, port == 0 && v4 is not null ? v4.Control.ReadPort() : port, mark, offloads, workers);
                var bound = (v4 ?? v6)?.Control.ReadPort()
                    ?? throw new IoException("open a UDP socket, neither IPv4 nor IPv6", Libc.NoProtocolFamily);
                return new UdpPort(v4, v6, bound);
            }
            catch (IoException e)
            {
                v4?.Dispose();
                v6?.Dispose();
                if (port != 0 || e.Errno != Libc.AddressInUse || attempt == MaxAttempts)
                    throw;
            }
        }
    }

    /// <summary>A worker's socket that reaches an address; null if the machine does not speak its family.</summary>
    public UdpSocket? For(UdpAddress address, int worker) => (address.IsV4 ? V4 : V6)?[worker];

    public void SetMark(uint mark)
    {
        V4?.SetMark(mark);
        V6?.SetMark(mark);
    }

    /// <summary>Datagrams that the workers' sockets had no room for.</summary>
    public long ReadDrops() => (V4?.ReadDrops() ?? 0) + (V6?.ReadDrops() ?? 0);

    /// <summary>Datagrams that the control thread's sockets had no room for.</summary>
    public long ReadControlDrops() => ControlSockets.Sum(socket => (long)socket.ReadDrops());

    /// <summary>Sends one datagram; any thread. False if it could not be sent; nothing else to do then: UDP loses packets anyway.</summary>
    public bool TrySend(UdpAddress to, ReadOnlySpan<byte> datagram)
    {
        if ((to.IsV4 ? V4 : V6)?.Control is not { } socket)
            return false;
        fixed (byte* data = datagram)
            return socket.TrySend(to, data, datagram.Length);
    }

    /// <summary>Sends one datagram back to where one came from, from where it came to; any thread. False as <see cref="TrySend"/>.</summary>
    public bool TryAnswer(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> datagram)
    {
        if ((UdpAddress.IsV4Raw(raw) ? V4 : V6)?.Control is not { } socket)
            return false;
        fixed (byte* source = raw, data = datagram)
            return socket.TryAnswer(source, data, datagram.Length);
    }

    public void Dispose()
    {
        V4?.Dispose();
        V6?.Dispose();
    }
}
