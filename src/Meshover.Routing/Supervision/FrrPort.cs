using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Processes;

namespace Meshover.Routing.Supervision;

/// <summary>A port that one of FRR's daemons listens on.</summary>
internal sealed record FrrPort(FrrDaemon Daemon, ProtocolType Protocol, int Number, string Purpose, string Mend, params AddressFamily[] Families)
{
    private const string NoBfd = "stop it, or its BFD, or leave routing out (--routing off)";

    /// <summary>All of them. bfdd opens its ports for single hops, echoes and several hops (RFC 5881, RFC 5883) whether they are used or not.</summary>
    public static ImmutableArray<FrrPort> All(int bgpPort) =>
    [
        new(FrrDaemon.Bgpd, ProtocolType.Tcp, bgpPort, "BGP", "stop it", AddressFamily.InterNetwork, AddressFamily.InterNetworkV6),
        new(FrrDaemon.Bfdd, ProtocolType.Udp, 3784, "BFD", NoBfd, AddressFamily.InterNetwork, AddressFamily.InterNetworkV6),
        new(FrrDaemon.Bfdd, ProtocolType.Udp, 3785, "BFD", NoBfd, AddressFamily.InterNetworkV6),
        new(FrrDaemon.Bfdd, ProtocolType.Udp, 4784, "BFD", NoBfd, AddressFamily.InterNetwork, AddressFamily.InterNetworkV6),
    ];

    /// <param name="besideSystemFrr">The system's own FRR will be stopped: its ports are free then.</param>
    public static ImmutableArray<TakenPort> FindTaken(FrrProcessScan scan, int bgpPort, bool besideSystemFrr) =>
        [.. All(bgpPort).Where(port => port.IsInUse()).Select(port => port.TakenBesides(scan, besideSystemFrr)).OfType<TakenPort>()];

    /// <summary>Null where it is ours that has it.</summary>
    private TakenPort? TakenBesides(FrrProcessScan scan, bool besideSystemFrr)
    {
        var owner = PortOwner.Find(Protocol, Number);
        var isOurs = owner is null ? scan.Ours.ContainsKey(Daemon.Name) : scan.Ours.Values.Any(p => p.Pid == owner.Pid);
        if (isOurs || (besideSystemFrr && owner?.Name == Daemon.Name)) return null;
        var name = $"{(Protocol == ProtocolType.Tcp ? "TCP" : "UDP")} port {Number}";
        return new TakenPort($"{name}, on which the mesh's {Purpose} listens, is in use by {PortOwner.Describe(Protocol, Number)}", Purpose, Mend);
    }

    private bool IsInUse() => Families.Any(IsInUse);

    private bool IsInUse(AddressFamily family)
    {
        try
        {
            using var socket = new Socket(family, Protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, Protocol);
            if (family == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, Number));
            if (Protocol == ProtocolType.Tcp) socket.Listen();
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressAlreadyInUse; // any other: a machine without this family
        }
    }
}

/// <summary>A port that FRR needs and another program has.</summary>
/// <param name="Problem">Which port, and who has it.</param>
/// <param name="Purpose">BGP or BFD.</param>
/// <param name="Mend">What to do.</param>
public sealed record TakenPort(string Problem, string Purpose, string Mend);
