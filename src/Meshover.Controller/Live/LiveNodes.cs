using Meshover.Contract.V1;

namespace Meshover.Controller.Live;

/// <summary>
/// Who is connected and what the connected say: the part of the mesh's state that is not worth a disk write and comes back by itself
/// when streams do. Thread-safe; the lock is held for moments only.
/// </summary>
internal sealed class LiveNodes(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, LiveNode> _nodes = [];
    private readonly HashSet<uint> _dirty = [];
    private readonly SeenPlaces _seen = new();
    private int _online;

    /// <summary>Takes a new stream of a node. Its older stream is ended, unless the two are copies of one state: then both stay and are told.</summary>
    public void Open(NodeSession session, NodeReport report)
    {
        lock (_lock)
        {
            var node = NodeLocked(session.Node);
            node.ForgetOldCopy(time.GetUtcNow());
            if (node.History.Arrive(session.Instance))
                node.Copied = time.GetUtcNow();
            CountLocked(SightingChange.Between(node.Counted, report.Observed));
            foreach (var older in node.Sessions.Where(older => node.Copied is null || older.Instance == session.Instance))
                older.Supersede("The node opened another stream.");
            if (node.Sessions.Count == 0)
                _online++;
            node.Sessions.Add(session);
            node.Opened++;
            node.LastSeen = time.GetUtcNow();
            SetReportLocked(node, report, session, SightingChange.Between(node.Report.Observed, report.Observed));
            _dirty.Add(session.Node);
            if (node.Copied is not null)
                NotifyCopiesLocked(node);
        }
    }

    /// <summary>Replaces what the node last said. What a stream says whose place another has taken comes too late, and counts no more.</summary>
    /// <param name="session">The stream that says it.</param>
    /// <param name="change">
    /// From what it said before. Called without the lock, since reading a message may take long; anew where another stream of the same
    /// node was quicker.
    /// </param>
    public void Report(NodeSession session, Func<NodeReport, NodeReport> change)
    {
        while (!session.Superseded.IsCompleted)
        {
            var before = Said(session.Node);
            var report = change(before);
            var moved = SightingChange.Between(before.Observed, report.Observed);
            if (TryReport(session, before, report, moved))
                return;
        }
    }

    private NodeReport Said(uint node)
    {
        lock (_lock)
            return NodeLocked(node).Report;
    }

    private bool TryReport(NodeSession session, NodeReport before, NodeReport report, SightingChange moved)
    {
        lock (_lock)
        {
            var node = NodeLocked(session.Node);
            if (session.Superseded.IsCompleted || !ReferenceEquals(node.Report, before))
                return false;
            node.LastSeen = time.GetUtcNow();
            SetReportLocked(node, report, session, moved);
            if (node.Sessions.Count > 0)
                CountLocked(moved);
            return true;
        }
    }

    public void Close(NodeSession session)
    {
        lock (_lock)
        {
            var node = NodeLocked(session.Node);
            var counted = node.Counted;
            if (node.Sessions.Remove(session) && node.Sessions.Count == 0)
                _online--;
            node.LastSeen = time.GetUtcNow();
            CountLocked(SightingChange.Between(counted, node.Counted));
            _dirty.Add(session.Node);
        }
    }

    /// <summary>Drops a node that is no longer a member, once its streams have ended.</summary>
    public void Forget(uint node)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(node, out var gone) && gone.Sessions.Count == 0 && _nodes.Remove(node))
                MarkLocked(gone.Report.Observed.Keys);
        }
    }

    public LiveView? View(uint node)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(node, out var live))
                return null;
            live.ForgetOldCopy(time.GetUtcNow());
            return live.ToView();
        }
    }

    /// <summary>How many nodes have a stream.</summary>
    public int CountOnline()
    {
        lock (_lock)
            return _online;
    }

    /// <summary>Nodes whose circumstances changed since the last call.</summary>
    public uint[] TakeDirty()
    {
        lock (_lock)
        {
            uint[] dirty = [.. _dirty];
            _dirty.Clear();
            return dirty;
        }
    }

    public void MarkDirty(uint node)
    {
        lock (_lock)
            _dirty.Add(node);
    }

    /// <summary>Where connected peers see the node. O(places), see <see cref="SeenPlaces"/>.</summary>
    public SeenPlace[] SeenByPeers(uint node)
    {
        lock (_lock)
            return _seen.Of(node);
    }

    /// <summary>Says something to every stream of a node.</summary>
    public void Notify(uint node, Notice.Types.Kind kind, string text)
    {
        lock (_lock)
        {
            foreach (var session in NodeLocked(node).Sessions)
                session.Notify(kind, text);
        }
    }

    private LiveNode NodeLocked(uint id)
    {
        if (!_nodes.TryGetValue(id, out var node))
            _nodes[id] = node = new LiveNode();
        return node;
    }

    // Each node says each 30 s that it is there. In a large mesh that is all the time, and must not plan it anew each time.
    private void SetReportLocked(LiveNode node, NodeReport report, NodeSession session, SightingChange moved)
    {
        MarkLocked(moved.Nodes);
        if (report != node.Report || !Equals(session.Source, node.Source))
            _dirty.Add(session.Node);
        node.Report = report;
        node.Source = session.Source;
    }

    private void CountLocked(SightingChange change)
    {
        foreach (var (peer, place) in change.Gone)
            _seen.Remove(peer, place);
        foreach (var (peer, place) in change.New)
            _seen.Add(peer, place);
    }

    private void MarkLocked(IEnumerable<uint> nodes) => _dirty.UnionWith(nodes);

    private static void NotifyCopiesLocked(LiveNode node)
    {
        var places = string.Join(" and ", node.Sessions.Select(session => $"{session.Source?.ToString() ?? "this machine"} (agent {session.Instance})"));
        foreach (var session in node.Sessions)
        {
            session.Notify(Notice.Types.Kind.CopiedState, $"Two machines use this node's identity: it connects from {places}. "
                + "On the copy, run `meshover down`, delete /var/lib/meshover and join again.");
        }
    }
}
