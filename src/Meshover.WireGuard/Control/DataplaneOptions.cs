using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.WireGuard.Control;

/// <summary>Settings of the engine's process. What it carries comes over its socket, as <see cref="DataplaneConfig"/>.</summary>
public sealed record DataplaneOptions
{
    /// <summary>The most <see cref="Workers"/>.</summary>
    public const int MaximumWorkers = WorkerCount.Maximum;

    /// <summary>The engine's own socket. Default <c>/run/meshover/dataplane.sock</c>, mode 0600.</summary>
    public string SocketPath { get; init; } = "/run/meshover/dataplane.sock";

    /// <summary>
    /// The last configuration and the endpoints that peers roamed to; mode 0600. Default <c>/run/meshover/dataplane.json</c>.
    /// </summary>
    public string StatePath { get; init; } = "/run/meshover/dataplane.json";

    /// <summary>
    /// The handshake timestamp's high-water mark; survives a restart and a clock set back. Default
    /// <c>/var/lib/meshover/dataplane.tai64n</c>.
    /// </summary>
    public string TimestampPath { get; init; } = "/var/lib/meshover/dataplane.tai64n";

    /// <summary>Where <c>wg</c> looks for UAPI sockets. Default <c>/var/run/wireguard</c>.</summary>
    public string UapiDirectory { get; init; } = "/var/run/wireguard";

    /// <summary>Segmentation and receive offloads of the TUN devices and UDP sockets; each is probed. Default on.</summary>
    public bool Offloads { get; init; } = true;

    /// <summary>Which of them; all but for tests, which look at each alone.</summary>
    internal OffloadKinds OffloadKinds { get => Offloads ? field : OffloadKinds.None; init; } = OffloadKinds.All;

    /// <summary>
    /// The device of a plain WireGuard (<see cref="PlainWireGuard"/>): driven over UAPI alone, with nothing written to disk. Null, the
    /// default: the engine of a node.
    /// </summary>
    internal string? PlainInterface { get; init; }

    /// <summary>
    /// Threads that send and as many that receive, 1-16. A peer belongs to one of each. Default 0: half as many as the machine has cores.
    /// </summary>
    public int Workers { get; init; }
}
