using System.Collections.Concurrent;
using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.State;

namespace Meshover.Controller.Streaming;

/// <summary>
/// The map at one revision, as bytes for every stream. Each object keeps the revision that last changed it, so a delta from any older
/// revision is a walk over them (<see cref="MapObjects{TKey,T}"/>): no log of changes is kept. What streams ask for is made once and shared: the streams that keep
/// up all ask for the same delta. Cost of a change in a mesh of n nodes: O(n) for the walk, once; then one write of the same bytes for
/// each stream.
/// </summary>
internal sealed class MapVersion : IRevisioned
{
    // Streams that keep up ask for few. Who asks for one from a revision of its own making must not fill the memory.
    private const int MostDeltas = 64;

    private readonly ConcurrentDictionary<long, Lazy<ControllerFrame?>> _deltas = new();
    private readonly Lazy<ControllerFrame> _snapshot;

    public MapVersion(MeshState state, TimeProvider time)
    {
        State = state;
        Spread = new Spread(time);
        _snapshot = new Lazy<ControllerFrame>(EncodeSnapshot);
    }

    public MeshState State { get; }

    public long Revision => State.Revision;

    /// <summary>How it goes out to the streams.</summary>
    public Spread Spread { get; }

    public ControllerFrame Snapshot => _snapshot.Value;

    /// <summary>Whether that revision gets the snapshot, as so many others were asked for.</summary>
    public bool IsCrowded(long revision) => revision < State.MapRevision && _deltas.Count >= MostDeltas && !_deltas.ContainsKey(revision);

    /// <summary>
    /// What takes a map of the revision to this one; null where nothing in the map changed. That is the snapshot where many others were asked for.
    /// </summary>
    public ControllerFrame? DeltaFrom(long revision)
    {
        if (revision >= State.MapRevision)
            return null;
        if (!_deltas.TryGetValue(revision, out var delta))
        {
            if (_deltas.Count >= MostDeltas)
                return Snapshot;
            delta = _deltas.GetOrAdd(revision, from => new Lazy<ControllerFrame?>(() => EncodeDelta(from)));
        }
        return delta.Value;
    }

    private ControllerFrame EncodeSnapshot()
    {
        var snapshot = new MeshSnapshot { StoreId = State.Mesh.StoreId, Revision = Revision, Settings = State.Mesh.ToContract() };
        snapshot.Nodes.Add(State.Nodes.Present.Select(node => node.ToContract()));
        snapshot.Tombstones.Add(State.Nodes.Gone);
        return ControllerFrame.Of(new ControllerMessage { Snapshot = snapshot });
    }

    private ControllerFrame? EncodeDelta(long from)
    {
        var (settings, nodes) = (State.Settings.Since(from), State.Nodes.Since(from));
        if (settings.IsEmpty && nodes.IsEmpty)
            return null;
        return ControllerFrame.Of(new ControllerMessage
        {
            Delta = new MeshDelta
            {
                FromRevision = from,
                Revision = Revision,
                Settings = settings.Upserts.Count == 0 ? null : settings.Upserts[0].ToContract(),
                Upserts = { nodes.Upserts.Select(node => node.ToContract()) },
                Removals = { nodes.Removals },
            },
        });
    }
}
