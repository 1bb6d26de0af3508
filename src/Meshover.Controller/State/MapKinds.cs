using System.Globalization;

namespace Meshover.Controller.State;

/// <summary>The members of the mesh: <c>node/ID</c> and <c>reach/ID</c>.</summary>
internal sealed class NodeKind : MapKind<uint, NodeEntry>
{
    public override bool TryKeyOf(string storeKey, out uint key)
    {
        key = 0;
        return StoreKeys.FolderOf(storeKey) is StoreKeys.NodeFolder or StoreKeys.ReachFolder
            && uint.TryParse(storeKey.AsSpan(storeKey.IndexOf('/', StringComparison.Ordinal) + 1), NumberStyles.AllowHexSpecifier, null, out key);
    }

    public override string StoreKeyOf(uint key) => StoreKeys.Node(key);

    // "node/" sorts before "reach/", and a transaction writes them in that order, so the node is there when its reach comes.
    public override NodeEntry? Merge(NodeEntry? former, string storeKey, object? record) => record switch
    {
        StoredNode node => new NodeEntry(node, former?.Reach ?? ReachRecord.Unknown),
        ReachRecord reach => former is null ? null : former with { Reach = reach },
        _ => StoreKeys.FolderOf(storeKey) == StoreKeys.NodeFolder ? null : former,
    };

    public override bool IsGone(NodeEntry value) => !value.IsActive;

    // While its numbers rest, its record says so.
    public override long GoneSince(NodeEntry value) => value.Record.RestsUntil == 0 ? value.Record.Departed : 0;
}

/// <summary>What holds for the mesh as a whole: <c>mesh</c>, the one object of its kind.</summary>
internal sealed class SettingsKind : MapKind<string, MeshRecord>
{
    public override bool TryKeyOf(string storeKey, out string key)
    {
        key = storeKey;
        return storeKey == StoreKeys.Mesh;
    }

    public override string StoreKeyOf(string key) => key;

    public override MeshRecord? Merge(MeshRecord? former, string storeKey, object? record) => record as MeshRecord;
}

/// <summary>A node and where it is.</summary>
internal sealed record NodeEntry(StoredNode Record, ReachRecord Reach)
{
    public bool IsActive => Record.Standing == NodeStanding.Active;
}
