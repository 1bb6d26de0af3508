using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.Changes;
using Meshover.Controller.Stores;

namespace Meshover.Controller.State;

/// <summary>
/// The whole store in memory, at one revision. Immutable: every change makes a new one from the store's own changes
/// (<see cref="Apply"/>), and by that alone, so that what is in memory is what is on the disk.
/// </summary>
internal sealed class MeshState : IRevisioned
{
    public static readonly MeshState Empty = new(0, 0, ImmutableDictionary<string, Cell>.Empty,
        ImmutableSortedDictionary<uint, NodeEntry>.Empty, ImmutableDictionary<string, int>.Empty);

    private readonly ImmutableDictionary<string, Cell> _cells;
    private readonly ImmutableDictionary<string, int> _counts;

    private MeshState(long revision, long mapRevision, ImmutableDictionary<string, Cell> cells,
        ImmutableSortedDictionary<uint, NodeEntry> nodes, ImmutableDictionary<string, int> counts)
    {
        Revision = revision;
        MapRevision = mapRevision;
        _cells = cells;
        Nodes = nodes;
        _counts = counts;
    }

    public long Revision { get; }

    /// <summary>
    /// The revision that last changed something that nodes are told of; changes of tokens, say, are not.
    /// </summary>
    public long MapRevision { get; }

    /// <summary>Every node by id, also those that are gone, for a while; see its standing.</summary>
    public ImmutableSortedDictionary<uint, NodeEntry> Nodes { get; }

    public MeshRecord Mesh => Get<MeshRecord>(StoreKeys.Mesh) ?? throw new InvalidOperationException("The store holds no mesh.");

    public AllocationRecord Allocation => Get<AllocationRecord>(StoreKeys.Allocation) ?? new AllocationRecord(1, 0);

    /// <summary>Every record that this release knows, by its key; in no order.</summary>
    public IEnumerable<(string Key, object Record)> Records =>
        _cells.Where(cell => cell.Value.Record is not null).Select(cell => (cell.Key, cell.Value.Record!));

    /// <summary>A map of an older revision than this needs a snapshot: nodes that it may still have are forgotten.</summary>
    public long Floor => Get<FloorRecord>(StoreKeys.Floor)?.Revision ?? 0;

    public IEnumerable<TokenRecord> Tokens => _cells.Values.Select(cell => cell.Record).OfType<TokenRecord>();

    public static MeshState Load(StoreSnapshot snapshot) =>
        Empty.Apply(snapshot.Entries.Select(entry => new StoreChange(entry.Modified, entry.Key, entry.Value)), snapshot.Revision);

    public T? Get<T>(string key) where T : class => _cells.TryGetValue(key, out var cell) ? cell.Record as T : null;

    /// <summary>The revision that last wrote the key; 0 where it does not exist.</summary>
    public long ModifiedOf(string key) => _cells.TryGetValue(key, out var cell) ? cell.Modified : 0;

    /// <summary>How many keys a folder has.</summary>
    public int CountOf(string folder) => _counts.GetValueOrDefault(folder);

    public TokenRecord? Token(string id) => Get<TokenRecord>(StoreKeys.Token(id));

    public IdentityRecord? Identity(string thumbprint) => Get<IdentityRecord>(StoreKeys.Identity(thumbprint));

    /// <summary>The key of the refused identity whose last node this was, or null. O(n), for administrators.</summary>
    public string? RefusedIdentityOf(uint node) =>
        _cells.FirstOrDefault(cell => cell.Value.Record is IdentityRecord { Refused: not null } identity && identity.Node == node).Key;

    /// <summary>The active node of this id, or null.</summary>
    public NodeEntry? Member(uint id) => Nodes.TryGetValue(id, out var node) && node.IsActive ? node : null;

    /// <summary>The active node with this identity key, or null.</summary>
    public NodeEntry? MemberByIdentity(string thumbprint) =>
        Identity(thumbprint) is { Refused: null } identity && Member(identity.Node) is { } node && node.Record.Identity == thumbprint
            ? node
            : null;

    /// <summary>The active node with this hostname, or null.</summary>
    public NodeEntry? MemberByHostName(string name) =>
        Get<ClaimRecord>(StoreKeys.HostName(name)) is { } claim ? Member(claim.Node) : null;

    /// <summary>The state after the changes, which are in order and whole revisions.</summary>
    public MeshState Apply(IEnumerable<StoreChange> changes, long revision)
    {
        var cells = _cells.ToBuilder();
        var nodes = Nodes.ToBuilder();
        var counts = _counts.ToBuilder();
        var mapRevision = MapRevision;
        foreach (var change in changes)
        {
            if (Apply(change, cells, nodes, counts))
                mapRevision = Math.Max(mapRevision, change.Revision);
        }
        return new MeshState(revision, mapRevision, cells.ToImmutable(), nodes.ToImmutable(), counts.ToImmutable());
    }

    /// <summary>Whether nodes are told of it.</summary>
    private static bool Apply(StoreChange change, ImmutableDictionary<string, Cell>.Builder cells,
        ImmutableSortedDictionary<uint, NodeEntry>.Builder nodes, ImmutableDictionary<string, int>.Builder counts)
    {
        var folder = StoreKeys.FolderOf(change.Key);
        var existed = cells.ContainsKey(change.Key);
        if (change.Value is { } value)
            cells[change.Key] = new Cell(RecordJson.Read(change.Key, value.Span), change.Revision);
        else
            cells.Remove(change.Key);
        counts[folder] = counts.GetValueOrDefault(folder) + (cells.ContainsKey(change.Key) ? 1 : 0) - (existed ? 1 : 0);
        return folder switch
        {
            StoreKeys.Mesh => true,
            StoreKeys.NodeFolder => FollowNode(cells.GetValueOrDefault(change.Key).Record as NodeRecord, change, nodes),
            StoreKeys.ReachFolder => FollowReach(cells.GetValueOrDefault(change.Key).Record as ReachRecord, change, nodes),
            _ => false,
        };
    }

    // Of a node that is gone others know that, and what becomes of its record is no news to them.
    private static bool FollowNode(NodeRecord? record, StoreChange change, ImmutableSortedDictionary<uint, NodeEntry>.Builder nodes)
    {
        if (IdOf(change) is not { } id)
            return false;
        var known = nodes.GetValueOrDefault(id);
        var isNews = known is not { IsActive: false } || record is { Standing: NodeStanding.Active };
        if (record is null)
            nodes.Remove(id);
        else
            nodes[id] = new NodeEntry(record, known?.Reach ?? ReachRecord.Unknown, isNews ? change.Revision : known!.Modified);
        return isNews;
    }

    // "node/" sorts before "reach/", and a transaction writes them in that order, so the node is there when its reach comes.
    private static bool FollowReach(ReachRecord? reach, StoreChange change, ImmutableSortedDictionary<uint, NodeEntry>.Builder nodes)
    {
        if (reach is not null && IdOf(change) is { } id && nodes.TryGetValue(id, out var node))
            nodes[id] = node with { Reach = reach, Modified = Math.Max(node.Modified, change.Revision) };
        return true;
    }

    private static uint? IdOf(StoreChange change) =>
        uint.TryParse(change.Key.AsSpan(StoreKeys.FolderOf(change.Key).Length + 1), NumberStyles.AllowHexSpecifier, null, out var id) ? id : null;

    private readonly record struct Cell(object? Record, long Modified);
}

/// <summary>A node and where it is.</summary>
/// <param name="Modified">The revision that last changed what others see of it.</param>
internal sealed record NodeEntry(NodeRecord Record, ReachRecord Reach, long Modified)
{
    public bool IsActive => Record.Standing == NodeStanding.Active;
}
