using Meshover.Controller.State;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Live;

/// <summary>
/// Members in the domain's types, read once from their records: every election looks at all of them, and parsing ten thousand each time would be most
/// of what it costs. For one caller.
/// </summary>
internal sealed class MemberModels
{
    private readonly Dictionary<uint, Model> _known = [];

    public MeshNode Of(StoredNode node, ReachRecord reach)
    {
        // Records never change, so what is made of the same two is the same.
        if (_known.TryGetValue(node.Id, out var known) && ReferenceEquals(known.Node, node) && ReferenceEquals(known.Reach, reach))
            return known.Result;
        var result = MapModel.ToMeshNode(node, reach);
        _known[node.Id] = new Model(node, reach, result);
        return result;
    }

    /// <summary>Drops a node that is no longer a member.</summary>
    public void Forget(uint node) => _known.Remove(node);

    private sealed record Model(StoredNode Node, ReachRecord Reach, MeshNode Result);
}
