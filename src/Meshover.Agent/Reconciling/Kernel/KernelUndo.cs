using System.Collections.Immutable;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// All that is ours in the kernel, known by its tags alone: no plan is needed, and nothing else is hit. Rules go first, so that marked
/// packets take the machine's own way from then on.
/// </summary>
internal static class KernelUndo
{
    internal static ImmutableArray<KernelChange> Compute(KernelState state, IReadOnlyList<RouteInfo> taggedRoutes, KernelNames names)
    {
        var ours = state.Links.Where(link => names.IsOurs(link.Name) && link.Name != "lo").ToList();
        var gone = ours.Select(link => link.Index).ToHashSet();
        var linkNames = state.Links.ToDictionary(link => link.Index, link => link.Name);
        return
        [
            .. GatherRules.InOrderOfRemoval(state.Rules.Where(rule => rule.Protocol == names.Protocol)).Select(rule => new RemoveRule(rule)),
            .. ours.Select(link => new RemoveLink(link.Name)),
            // What went by our links goes with them.
            .. taggedRoutes.Where(route => !gone.Contains(route.OutputLink)).Reverse()
                .Select(route => new RemoveRoute(route, linkNames.GetValueOrDefault(route.OutputLink, ""))),
            .. state.Addresses.Where(address => address.Protocol == names.Protocol && !gone.Contains(address.LinkIndex))
                .Select(address => new RemoveAddress(linkNames.GetValueOrDefault(address.LinkIndex, ""), address)),
        ];
    }
}
