namespace Meshover.WireGuard.Io;

/// <summary>Where the kernel handles many packets at the price of one. Each is asked for by itself, and used only if the kernel has it.</summary>
[Flags]
internal enum OffloadKinds
{
    None = 0,

    /// <summary>TUN devices give and take large TCP packets (TUN_F_TSO4, TUN_F_TSO6).</summary>
    TunTcp = 1,

    /// <summary>TUN devices give and take large UDP packets (TUN_F_USO4, TUN_F_USO6; Linux 6.2).</summary>
    TunUdp = 2,

    /// <summary>UDP sockets send many datagrams at once (UDP_SEGMENT).</summary>
    UdpSend = 4,

    /// <summary>UDP sockets hand over many datagrams at once (UDP_GRO).</summary>
    UdpReceive = 8,

    All = TunTcp | TunUdp | UdpSend | UdpReceive,
}
