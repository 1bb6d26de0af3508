using System.Globalization;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Administration;

/// <summary>Finds the node that an administrator names, by hostname or by id.</summary>
internal static class NodeNames
{
    /// <exception cref="RefusalException">There is no such member.</exception>
    public static StoredNode Member(MeshState state, string name) =>
        ((ByHostName(state, name) ?? ById(state, name)) is { IsActive: true } node ? node.Record : null)
        ?? throw new RefusalException(RefusalReason.NotFound, $"There is no node \"{name}\" in the mesh. `meshover node list` shows the ones there are.");

    /// <exception cref="RefusalException">There is no such removed node.</exception>
    public static StoredNode Removed(MeshState state, string name)
    {
        var removed = state.Nodes.Values.Where(node => node.Record.Standing == NodeStanding.Removed);
        // Of several with one name the last is meant.
        var found = (HostName.TryNormalise(name, out var normal, out _) ? removed.LastOrDefault(node => node.Record.HostName == normal) : null)
            ?? (ById(state, name) is { Record.Standing: NodeStanding.Removed } node ? node : null);
        return found?.Record ?? throw new RefusalException(RefusalReason.NotFound,
            $"No node \"{name}\" was removed. `meshover node list --removed` shows those that were.");
    }

    private static NodeEntry? ByHostName(MeshState state, string name) =>
        HostName.TryNormalise(name, out var normal, out _) ? state.MemberByHostName(normal) : null;

    private static NodeEntry? ById(MeshState state, string name) =>
        uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? state.Nodes.GetValueOrDefault(id) : null;
}
