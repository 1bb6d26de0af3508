using System.Collections.Immutable;
using Meshover.Controller.Changes;
using Meshover.Controller.Stores;

namespace Meshover.Controller.State;

/// <summary>
/// The store in memory, at one revision: all of it but the folders that are kept apart (<see cref="StoreKeys.Resident"/>). Immutable: every change makes a new one from the store's own changes
/// (<see cref="Apply"/>), and by that alone, so that what is in memory is what is on the disk.
/// </summary>
internal sealed class MeshState : IRevisioned
{
    public static readonly MeshState Empty = new(0, ImmutableDictionary<string, Cell>.Empty, ImmutableDictionary<string, int>.Empty,
        new MapObjects<uint, NodeEntry>(new NodeKind()), new MapObjects<string, MeshRecord>(new SettingsKind()));

    private readonly ImmutableDictionary<string, Cell> _cells;
    private readonly ImmutableDictionary<string, int> _counts;

    private MeshState(long revision, ImmutableDictionary<string, Cell> cells, ImmutableDictionary<string, int> counts,
        MapObjects<uint, NodeEntry> nodes, MapObjects<string, MeshRecord> settings)
    {
        Revision = revision;
        _cells = cells;
        _counts = counts;
        Nodes = nodes;
        Settings = settings;
    }

    public long Revision { get; }

    /// <summary>
    /// The revision that last changed something that nodes are told of; changes of tokens, say, are not.
    /// </summary>
    public long MapRevision => Math.Max(Nodes.Revision, Settings.Revision);

    /// <summary>Every node by id, also those that are gone, for a while; see its standing.</summary>
    public MapObjects<uint, NodeEntry> Nodes { get; }

    /// <summary>The mesh's own record as nodes are told of it; of the same kind of history as the nodes.</summary>
    public MapObjects<string, MeshRecord> Settings { get; }

    public MeshRecord Mesh => Get<MeshRecord>(StoreKeys.Mesh) ?? throw new InvalidOperationException("The store holds no mesh.");

    public AllocationRecord Allocation => Get<AllocationRecord>(StoreKeys.Allocation) ?? new AllocationRecord(1, 0);

    /// <summary>Every record that this release knows, by its key; in no order.</summary>
    public IEnumerable<(string Key, object Record)> Records =>
        _cells.Where(cell => cell.Value.Record is not null).Select(cell => (cell.Key, cell.Value.Record!));

    /// <summary>A map of an older revision than this needs a snapshot: what it may still have is forgotten.</summary>
    public long Floor => Get<FloorRecord>(StoreKeys.Floor)?.Revision ?? 0;

    public IEnumerable<TokenRecord> Tokens => _cells.Values.Select(cell => cell.Record).OfType<TokenRecord>();

    public static async ValueTask<MeshState> LoadAsync(IStore store, CancellationToken cancel)
    {
        var snapshot = await store.ReadAsync(StoreKeys.Resident, cancel);
        return Empty.Apply(snapshot.Entries.Select(entry => new StoreChange(entry.Modified, entry.Key, entry.Value)), snapshot.Revision);
    }

    public IEnumerable<ConsoleTokenRecord> ConsoleTokens => _cells.Values.Select(cell => cell.Record).OfType<ConsoleTokenRecord>();

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
        var (cells, counts) = (_cells.ToBuilder(), _counts.ToBuilder());
        var (nodes, settings) = (Nodes.ToBuilder(), Settings.ToBuilder());
        foreach (var change in changes.Where(change => StoreKeys.IsResident(change.Key)))
        {
            var record = Apply(change, cells, counts);
            nodes.Follow(change, record);
            settings.Follow(change, record);
        }
        return new MeshState(revision, cells.ToImmutable(), counts.ToImmutable(), nodes.ToImmutable(), settings.ToImmutable());
    }

    /// <summary>What the key has now.</summary>
    private static object? Apply(
        StoreChange change, ImmutableDictionary<string, Cell>.Builder cells, ImmutableDictionary<string, int>.Builder counts)
    {
        var folder = StoreKeys.FolderOf(change.Key);
        var existed = cells.ContainsKey(change.Key);
        var record = change.Value is { } value ? RecordJson.Read(change.Key, value.Span) : null;
        if (change.Value is not null)
            cells[change.Key] = new Cell(record, change.Revision);
        else
            cells.Remove(change.Key);
        counts[folder] = counts.GetValueOrDefault(folder) + (change.Value is not null ? 1 : 0) - (existed ? 1 : 0);
        return record;
    }

    private readonly record struct Cell(object? Record, long Modified);
}
