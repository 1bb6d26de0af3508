using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Meshover.Mesh.Identity;

namespace Meshover.Mesh.Map;

/// <summary>From one map to the next: deltas are computed by the controller and applied by the agent.</summary>
public static class MeshMapChanges
{
    /// <summary>
    /// The map after the delta. False where the delta does not begin at this map's revision: something was missed, and only a
    /// snapshot helps.
    /// </summary>
    public static bool TryApply(this MeshMap map, MapDelta delta, [NotNullWhen(true)] out MeshMap? next)
    {
        next = null;
        if (delta.FromRevision != map.Revision || delta.Revision < delta.FromRevision)
            return false;
        var nodes = map.Nodes.ToBuilder();
        nodes.RemoveRange(delta.Removals);
        nodes.RemoveRange(delta.LeftOut.Keys);
        foreach (var node in delta.Upserts)
            nodes[node.Id] = node;
        next = map with
        {
            Revision = delta.Revision,
            Settings = delta.Settings ?? map.Settings,
            Nodes = nodes.ToImmutable(),
            Tombstones = map.Tombstones.Union(delta.Removals),
            LeftOut = map.LeftOut.RemoveRange(delta.Removals).RemoveRange(delta.Upserts.Select(node => node.Id)).SetItems(delta.LeftOut),
            SettingsProblem = delta.Settings is null && delta.SettingsProblem.Length == 0 ? map.SettingsProblem : delta.SettingsProblem,
        };
        return true;
    }

    /// <summary>What takes a receiver from <paramref name="from"/> to <paramref name="to"/>, maps of one store.</summary>
    /// <exception cref="ArgumentException">The maps are of different stores, or in the wrong order.</exception>
    public static MapDelta DeltaTo(this MeshMap from, MeshMap to)
    {
        if (from.StoreId != to.StoreId || from.Revision > to.Revision)
            throw new ArgumentException($"No delta leads from {from.StoreId}/{from.Revision} to {to.StoreId}/{to.Revision}.", nameof(to));
        return new MapDelta
        {
            FromRevision = from.Revision,
            Revision = to.Revision,
            Settings = from.Settings.SameAs(to.Settings) ? null : to.Settings,
            Upserts = [.. to.Nodes.Values.Where(node => !from.Nodes.TryGetValue(node.Id, out var old) || !old.SameAs(node))],
            Removals = [.. from.Nodes.Keys.Where(id => !to.Nodes.ContainsKey(id))],
        };
    }

    /// <summary>Equality by value, lists included (a record's own compares its arrays by reference).</summary>
    public static bool SameAs(this MeshNode node, MeshNode other) =>
        ReferenceEquals(node, other)
        || (node.WireGuardKeys.SequenceEqual(other.WireGuardKeys)
            && node.Endpoints.SequenceEqual(other.Endpoints)
            && node.Grants.SequenceEqual(other.Grants)
            && node.FurtherAddresses.SequenceEqual(other.FurtherAddresses)
            && node.RestingAddresses.SequenceEqual(other.RestingAddresses)
            && node == other with
            {
                WireGuardKeys = node.WireGuardKeys,
                Endpoints = node.Endpoints,
                Grants = node.Grants,
                FurtherAddresses = node.FurtherAddresses,
                RestingAddresses = node.RestingAddresses,
            });

    /// <inheritdoc cref="SameAs(MeshNode, MeshNode)"/>
    public static bool SameAs(this MeshSettings settings, MeshSettings other) =>
        ReferenceEquals(settings, other)
        || (settings.Controllers.SequenceEqual(other.Controllers)
            && settings.CaPins.SequenceEqual(other.CaPins)
            && settings == other with { Controllers = settings.Controllers, CaPins = settings.CaPins });

    /// <summary>
    /// The map to work with after meeting a new store (a restored backup): nodes that the restored map lacks stay, because the
    /// backup may be older than they are, unless they were removed, or their numbers are another's by now. The caller drops them after a
    /// time of grace.
    /// </summary>
    public static MeshMap Retaining(this MeshMap restored, MeshMap former)
    {
        var taken = restored.Nodes.Values.SelectMany(node => node.Numbers().Select(number => number.Value).Concat(node.FurtherAddresses.Select(further => further.Address))).ToHashSet();
        var kept = former.Nodes.Where(pair =>
            !restored.Nodes.ContainsKey(pair.Key) && !restored.Tombstones.Contains(pair.Key) && !former.Tombstones.Contains(pair.Key)
            && !pair.Value.Numbers().Any(number => taken.Contains(number.Value)));
        // Those of the restored map are its nodes', whoever had them before.
        return (restored with { Nodes = restored.Nodes.AddRange(kept.Select(pair => KeyValuePair.Create(pair.Key, Without(pair.Value, taken)))) }).WithoutDoubles();
    }

    private static MeshNode Without(MeshNode node, HashSet<object> taken) => node.FurtherAddresses.Any(further => taken.Contains(further.Address))
        ? node with { FurtherAddresses = node.FurtherAddresses.RemoveAll(further => taken.Contains(further.Address)) }
        : node;
}
