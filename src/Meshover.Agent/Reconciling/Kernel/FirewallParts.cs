using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>What some nodes' firewalls do and others' do not.</summary>
/// <param name="Bgp">Null: BGP's port is nobody's business.</param>
/// <param name="Gather">Null: nothing is gathered.</param>
/// <param name="Control">Null: nobody knows FRR's packets.</param>
/// <param name="Masquerade">Null: all keep their addresses.</param>
internal sealed record FirewallParts(BgpGuard? Bgp, GatherMark? Gather, ControlClass? Control, MasqueradePlan? Masquerade)
{
    internal static readonly FirewallParts None = new(null, null, null, null);
}
