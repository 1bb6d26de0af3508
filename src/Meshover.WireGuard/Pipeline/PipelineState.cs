using Meshover.WireGuard.Io;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Pipeline;

/// <summary>
/// What all workers read and the control thread replaces, each member whole: a worker sees the old or the new, never a mixture. What was
/// replaced is disposed of once no worker can be using it (<see cref="Graveyard"/>).
/// </summary>
internal sealed class PipelineState
{
    private volatile UdpPort? _udp;
    private volatile FrameSink? _main;
    private volatile AllowedIpTrie<Peer> _routes = new();
    private volatile int _mtu;

    /// <summary>How many workers a direction.</summary>
    public required int Workers { get; init; }

    public required IndexTable Indices { get; init; }

    public required EngineClock Clock { get; init; }

    public required ControlInbox Inbox { get; init; }

    public UdpPort? Udp
    {
        get => _udp;
        set => _udp = value;
    }

    /// <summary>The main device.</summary>
    public FrameSink? Main
    {
        get => _main;
        set => _main = value;
    }

    /// <summary>The peers' AllowedIPs.</summary>
    public AllowedIpTrie<Peer> Routes
    {
        get => _routes;
        set => _routes = value;
    }

    /// <summary>MTU of the main device: packets are not padded beyond it.</summary>
    public int Mtu
    {
        get => _mtu;
        set => _mtu = value;
    }
}
