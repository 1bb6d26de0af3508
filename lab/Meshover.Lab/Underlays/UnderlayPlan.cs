using System.Collections.Immutable;
using System.Net;

namespace Meshover.Lab.Underlays;

/// <summary>Everything under the mesh: the machines, the cables between them and what is set on them. Declares, never does.</summary>
public sealed record UnderlayPlan
{
    public required ImmutableArray<MachinePlan> Machines { get; init; }
    public required ImmutableArray<Cable> Cables { get; init; }
}

/// <param name="Bridge">Name of the bridge it has; null for none.</param>
/// <param name="Routes">Whether it forwards packets from the start (a router, not a node: those are Meshover's affair).</param>
/// <param name="Masquerade">The port behind whose address it hides what it forwards, letting nothing in; null for no NAT.</param>
public sealed record MachinePlan(
    string Name, string? Bridge = null, bool Routes = false, string? Masquerade = null, ImmutableArray<IPAddress> Gateways = default);

/// <summary>A veth pair.</summary>
public sealed record Cable(Port A, Port B);

/// <param name="Bridge">The bridge of its machine that it is plugged into; null for none.</param>
public sealed record Port(string Machine, string Interface, ImmutableArray<InterfaceAddress> Addresses, string? Bridge = null);

public readonly record struct InterfaceAddress(IPAddress Address, int PrefixLength)
{
    internal InterfaceAddress(string address, int prefixLength)
        : this(IPAddress.Parse(address), prefixLength)
    {
    }
}
