using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Which notifications concern the agent, and how. Remembers the links, to tell an event that says nothing new.</summary>
internal sealed class KernelEventFilter(KernelNames names)
{
    private readonly Dictionary<int, LinkInfo> _links = [];
    private readonly HashSet<uint> _tables = [];

    /// <summary>What stood before the first event.</summary>
    internal void Learn(IEnumerable<LinkInfo> links, IEnumerable<RuleInfo> rules)
    {
        foreach (var link in links)
            _links[link.Index] = link;
        _tables.UnionWith(UnderlayRules.OtherTables(rules, names));
    }

    /// <summary>Links that carry our addresses on the underlay: what goes there is told apart.</summary>
    internal ImmutableHashSet<int> Watched { get; set; } = [];

    /// <summary>Destinations of the mesh's routes that gathering goes by.</summary>
    internal ImmutableHashSet<IPNetwork> Owners { get; set; } = [];

    internal KernelChanges Classify(RouteEvent change) => change switch
    {
        ResyncEvent => KernelChanges.Resync | KernelChanges.Own | KernelChanges.Underlay,
        LinkEvent link => ClassifyLink(link),
        AddressEvent address => ClassifyAddress(address),
        RouteChangeEvent route => ClassifyRoute(route),
        RuleEvent rule => ClassifyRule(rule),
        Ipv6SettingsEvent settings => Of(LinkName(settings.LinkIndex)),
        _ => KernelChanges.None,
    };

    private KernelChanges ClassifyLink(LinkEvent change)
    {
        var link = change.Link;
        var isKnown = _links.TryGetValue(link.Index, out var before);
        if (change.Deleted)
            _links.Remove(link.Index);
        else
            _links[link.Index] = link;
        if (isKnown && !change.Deleted && SaysNothingNew(before!, link))
            return KernelChanges.None;
        var isGone = Watched.Contains(link.Index) && (change.Deleted || !link.IsUp || !link.HasCarrier);
        return Of(link.Name) | (isGone ? KernelChanges.UnderlayLost : KernelChanges.None);
    }

    private KernelChanges ClassifyAddress(AddressEvent change)
    {
        if (!change.Deleted && change.Address.Protocol == names.Protocol)
            return KernelChanges.None;
        var isGone = change.Deleted && Watched.Contains(change.Address.LinkIndex);
        return Of(LinkName(change.Address.LinkIndex)) | (isGone ? KernelChanges.UnderlayLost : KernelChanges.None);
    }

    private KernelChanges ClassifyRoute(RouteChangeEvent change)
    {
        if (change.Route.Protocol == names.Protocol || change.Route.Table == names.UnderlayTable)
            return change.Deleted || change.Route.Protocol != names.Protocol ? KernelChanges.Own : KernelChanges.None;
        if (change.Route.Table == RouteInfo.MainTable && Owners.Contains(change.Route.Destination))
            return KernelChanges.Own;
        if ((change.Route.Table != RouteInfo.MainTable && !_tables.Contains(change.Route.Table)) || change.Route.IsCached)
            return KernelChanges.None;
        if (GoesByOursAlone(change.Route))
            return change.Route is { Protocol: RouteProtocols.Bgp, Table: RouteInfo.MainTable } ? KernelChanges.MeshRoutes : KernelChanges.None;
        // A machine that speaks BGP with its provider has thousands of others, and they change all the time.
        return change.Route.Destination.PrefixLength == 0 || change.Route.Mtu != 0 ? KernelChanges.Underlay : KernelChanges.Mirror;
    }

    private bool GoesByOursAlone(RouteInfo route) => UnderlayMirror.LinksOf(route).All(link => names.IsOurs(LinkName(link)));

    // Those behind main's have copies among ours, and their tables lead packets of the underlay.
    private KernelChanges ClassifyRule(RuleEvent change)
    {
        if (change.Rule.Protocol == names.Protocol)
            return change.Deleted ? KernelChanges.Own : KernelChanges.None;
        var tables = UnderlayRules.OtherTables([change.Rule], names).ToList();
        _tables.UnionWith(tables);
        return tables.Count > 0 ? KernelChanges.Underlay : KernelChanges.None;
    }

    private KernelChanges Of(string link) => names.IsOurs(link) ? KernelChanges.Own : KernelChanges.Underlay;

    // A link that stood before we listened is not known by name until its first event: then it counts as one of the underlay's.
    private string LinkName(int index) => _links.TryGetValue(index, out var link) ? link.Name : "";

    internal static bool SaysNothingNew(LinkInfo before, LinkInfo now) =>
        before.Name == now.Name && before.Mtu == now.Mtu && before.MasterIndex == now.MasterIndex
        && before.AddressGeneration == now.AddressGeneration
        && before.IsUp == now.IsUp && before.HasCarrier == now.HasCarrier;
}
