using System.Collections.Immutable;

namespace Meshover.Controller.Live;

/// <summary>
/// Who is connected and what the connected say, at one moment: the part of the mesh's state that is not worth a disk write and comes back by
/// itself when streams do. Immutable: <see cref="LiveNodes"/> makes the next, everybody reads the newest. A change copies a path of a tree, O(log n).
/// </summary>
internal sealed record LiveState
{
    public static readonly LiveState Empty = new();

    /// <summary>Those that were heard since the controller's start, and those of which it knew before (<see cref="LiveNode.IsLastKnown"/>), by id.</summary>
    public ImmutableDictionary<uint, LiveNode> Nodes { get; private init; } = ImmutableDictionary<uint, LiveNode>.Empty;

    /// <summary>How many nodes have a stream.</summary>
    public int Online { get; private init; }

    private SeenPlaces Seen { get; init; } = SeenPlaces.None;

    /// <summary>Null: nothing is known of it.</summary>
    public LiveNode? Node(uint id) => Nodes.GetValueOrDefault(id);

    /// <summary>Where connected peers see the node. O(places), see <see cref="SeenPlaces"/>.</summary>
    public SeenPlace[] SeenByPeers(uint node) => Seen.Of(node);

    /// <summary>A node has opened a stream.</summary>
    public LiveState Open(NodeSession session, ReportedState report, Moment now)
    {
        var former = Former(session.Node);
        var node = former with
        {
            History = former.History.Arrive(session.Instance, out var cameBack),
            Sessions = former.Sessions.Add(session),
            Report = report,
            Source = session.Source,
            LastSeen = now.Wall,
            HeardAt = now.Attentive,
            LastVersion = session.Version,
            Opened = former.Opened + 1,
            CopyFound = cameBack ? now.Wall : former.Copied(now.Wall),
            // What it said before the controller's start is no word of how it stands now.
            Health = former.IsLastKnown ? null : former.Health,
        };
        return With(session.Node, node, SightingChange.Between(former.Counted, node.Counted));
    }

    /// <summary>A node has said something.</summary>
    /// <param name="session">On which stream.</param>
    /// <param name="report">All that it says now.</param>
    /// <param name="moved">What of that is new about others, from what it said before.</param>
    /// <param name="now">When.</param>
    public LiveState Report(NodeSession session, ReportedState report, SightingChange moved, Moment now)
    {
        var node = Former(session.Node) with { Report = report, Source = session.Source, LastSeen = now.Wall, HeardAt = now.Attentive };
        return With(session.Node, node, node.IsOnline ? moved : SightingChange.None);
    }

    /// <summary>A node has said how it stands.</summary>
    /// <param name="node">Which.</param>
    /// <param name="change">From what it said before; null: nothing.</param>
    public LiveState Tell(uint node, Func<HealthReport?, HealthReport> change) =>
        this with { Nodes = Nodes.SetItem(node, Former(node) with { Health = change(Former(node).Health), IsRecalled = false }) };

    /// <summary>A stream has ended.</summary>
    public LiveState Close(NodeSession session, DateTimeOffset now)
    {
        var former = Former(session.Node);
        var node = former with { Sessions = former.Sessions.Remove(session), LastSeen = now };
        return With(session.Node, node, SightingChange.Between(former.Counted, node.Counted));
    }

    /// <summary>Takes up what the controller knew before its start of nodes that were not heard since.</summary>
    public LiveState Recall(IEnumerable<KeyValuePair<uint, LiveNode>> known) => this with { Nodes = Nodes.AddRange(known.Where(node => !Nodes.ContainsKey(node.Key))) };

    /// <summary>Nodes that stand otherwise than they were judged last. O(nodes).</summary>
    public IEnumerable<uint> Moved(TimeSpan now) => Nodes.Where(node => IsMoved(node.Value, now)).Select(node => node.Key);

    /// <summary>Judges these anew.</summary>
    public LiveState Judge(IEnumerable<uint> nodes, Moment now) => this with
    {
        Nodes = Nodes.SetItems(nodes.Where(id => Node(id) is { } node && IsMoved(node, now.Attentive))
            .Select(id => KeyValuePair.Create(id, Nodes[id] with { Judged = new Judgement(NodeStates.Of(Nodes[id], now.Attentive), now.Wall) }))),
    };

    /// <summary>A node is a member no more. One that has a stream is kept until that has ended.</summary>
    public LiveState Forget(uint node) => Node(node) is { IsOnline: false } ? this with { Nodes = Nodes.Remove(node) } : this;

    /// <summary>That one is unknown which was not heard, or has said nothing yet, takes nothing from what was known before.</summary>
    private static bool IsMoved(LiveNode node, TimeSpan now) =>
        NodeStates.Of(node, now) is var state && state != node.Judged?.State && !(node.IsRecalled && state == NodeState.Unknown);

    private LiveNode Former(uint node) => Nodes.GetValueOrDefault(node, LiveNode.Unheard);

    private LiveState With(uint id, LiveNode node, SightingChange counted) => this with
    {
        Nodes = Nodes.SetItem(id, node),
        Online = Online + (node.IsOnline ? 1 : 0) - (Former(id).IsOnline ? 1 : 0),
        Seen = Seen.After(counted),
    };
}
