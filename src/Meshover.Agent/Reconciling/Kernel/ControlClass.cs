using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// What FRR says to its neighbours goes first outside, as network control (CS6, RFC 4594), also where the kernel's WireGuard wraps it: that writes an outer header without a class, but the packet
/// still belongs to the socket that sent it (skb_scrub_packet in net/core/skbuff.c keeps it, for the sake of TCP's own bound on what waits), and so to FRR's user. What is forwarded belongs to none.
/// Our own data plane writes the class itself; what it sends belongs to its own socket.
/// </summary>
/// <param name="Mark">Of WireGuard's packets.</param>
/// <param name="Mask">Which of its bits count: others may be other programs'.</param>
/// <param name="User">Number of FRR's.</param>
internal sealed record ControlClass(uint Mark, uint Mask, uint User)
{
    private const int Cs6 = 48, PriorityControl = 7;

    internal static ControlClass? Of(SystemPlan plan) => plan.Kernel.FrrUser is { } user ? new(plan.WireGuard.FirewallMark, plan.Kernel.FirewallMask, user) : null;

    /// <summary>As <c>nft -j</c> takes them. The machine's own queue lets it pass first, too (TC_PRIO_CONTROL of linux/pkt_sched.h).</summary>
    internal (string Comment, string Statements)[] Rules => [Rule("ipv4", "ip"), Rule("ipv6", "ip6")];

    private (string Comment, string Statements) Rule(string family, string header) => ($"control by {family}: cs6", $$"""
        {"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"} },{{Mask}}]},"right":{{Mark}} } },
        {"match":{"op":"==","left":{"meta":{"key":"skuid"} },"right":{{User}} } },
        {"match":{"op":"==","left":{"meta":{"key":"nfproto"} },"right":"{{family}}"} },
        {"mangle":{"key":{"payload":{"protocol":"{{header}}","field":"dscp"} },"value":{{Cs6}} } },
        {"mangle":{"key":{"meta":{"key":"priority"} },"value":{{PriorityControl}} } }
        """);
}
