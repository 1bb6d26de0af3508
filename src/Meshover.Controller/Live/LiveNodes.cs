using Meshover.Contract.V1;

namespace Meshover.Controller.Live;

/// <summary>
/// Makes each next <see cref="LiveState"/>, one caller at a time, for moments only; whoever reads takes the newest and waits for nobody. Keeps
/// for planning what changed, and tells streams what concerns them. Thread-safe.
/// </summary>
internal sealed class LiveNodes(TimeProvider time)
{
    private readonly Lock _writing = new();
    private readonly AttentiveClock _clock = new(time);
    private readonly HashSet<uint> _dirty = [];
    private volatile LiveState _state = LiveState.Empty;
    private TaskCompletionSource _stirred = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest.</summary>
    public LiveState State => _state;

    /// <summary>By which it is told who was not heard for too long.</summary>
    public AttentiveClock Clock => _clock;

    /// <summary>Ends as soon as <see cref="TakeDirty"/> has something to give.</summary>
    public Task Stirred
    {
        get
        {
            lock (_writing)
                return _stirred.Task;
        }
    }

    /// <summary>Takes a new stream of a node. Its older stream is ended, unless the two are copies of one state: then both stay and are told.</summary>
    public void Open(NodeSession session, ReportedState report)
    {
        lock (_writing)
        {
            var former = _state.Node(session.Node) ?? LiveNode.Unheard;
            _state = _state.Open(session, report, Now);
            var node = _state.Nodes[session.Node];
            foreach (var older in former.Sessions.Where(older => node.CopyFound is null || older.Instance == session.Instance))
                older.Supersede("The node opened another stream.");
            MarkLocked(SightingChange.Between(former.Report.Observed, report.Observed).Nodes.Append(session.Node));
            if (node.CopyFound is not null)
                NotifyCopies(node);
        }
    }

    /// <summary>Replaces what the node last said. What a stream says whose place another has taken comes too late, and counts no more.</summary>
    /// <param name="session">The stream that says it.</param>
    /// <param name="change">
    /// From what it said before. Nobody waits for it, since reading a message may take long; it is called anew where another stream of the same
    /// node was quicker.
    /// </param>
    public void Report(NodeSession session, Func<ReportedState, ReportedState> change)
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

    /// <summary>Takes how a node says that it stands. Nothing is planned by it.</summary>
    /// <param name="session">The stream that says it; one whose place another has taken comes too late.</param>
    /// <param name="change">From what it said before. Quick: writers wait.</param>
    public void Tell(NodeSession session, Func<HealthReport?, HealthReport> change)
    {
        lock (_writing)
        {
            if (!session.Superseded.IsCompleted)
                _state = _state.Tell(session.Node, change);
        }
    }

    public void Close(NodeSession session)
    {
        session.Queries.End("The node's connection ended.");
        lock (_writing)
        {
            _state = _state.Close(session, time.GetUtcNow());
            MarkLocked([session.Node]);
        }
    }

    /// <summary>Takes up what was known before the controller's start. Nothing is planned by it.</summary>
    public void Recall(IEnumerable<KeyValuePair<uint, LiveNode>> known)
    {
        lock (_writing)
            _state = _state.Recall(known);
    }

    /// <summary>Judges those anew that stand otherwise than before: to be called each second. Nobody waits while it looks.</summary>
    public void Judge()
    {
        var now = Now;
        uint[] moved = [.. _state.Moved(now.Attentive)];
        if (moved.Length == 0)
            return;
        lock (_writing)
            _state = _state.Judge(moved, now);
    }

    /// <summary>Drops a node that is no longer a member, once its streams have ended.</summary>
    public void Forget(uint node)
    {
        lock (_writing)
        {
            var former = _state;
            _state = former.Forget(node);
            if (!ReferenceEquals(former, _state))
                MarkLocked(former.Nodes[node].Report.Observed.Keys);
        }
    }

    /// <summary>Nodes whose circumstances changed since the last call; the state that is read afterwards has the changes.</summary>
    public uint[] TakeDirty()
    {
        lock (_writing)
        {
            uint[] dirty = [.. _dirty];
            _dirty.Clear();
            if (_stirred.Task.IsCompleted)
                _stirred = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return dirty;
        }
    }

    public void MarkDirty(uint node)
    {
        lock (_writing)
            MarkLocked([node]);
    }

    /// <summary>Says something to every stream of a node.</summary>
    public void Notify(uint node, Notice.Types.Kind kind, string text)
    {
        foreach (var session in (_state.Node(node) ?? LiveNode.Unheard).Sessions)
            session.Notify(kind, text);
    }

    private Moment Now => new(time.GetUtcNow(), _clock.Now);

    private ReportedState Said(uint node) => (_state.Node(node) ?? LiveNode.Unheard).Report;

    // Each node says each 30 s that it is there. In a large mesh that is all the time, and must not plan it anew each time.
    private bool TryReport(NodeSession session, ReportedState before, ReportedState report, SightingChange moved)
    {
        lock (_writing)
        {
            if (session.Superseded.IsCompleted || !ReferenceEquals(Said(session.Node), before))
                return false;
            var isNews = report != before || !Equals(session.Source, _state.Node(session.Node)?.Source);
            _state = _state.Report(session, report, moved, Now);
            MarkLocked(isNews ? moved.Nodes.Append(session.Node) : moved.Nodes);
            return true;
        }
    }

    private void MarkLocked(IEnumerable<uint> nodes)
    {
        _dirty.UnionWith(nodes);
        if (_dirty.Count > 0)
            _stirred.TrySetResult();
    }

    private static void NotifyCopies(LiveNode node)
    {
        var places = string.Join(" and ", node.Sessions.Select(session => $"{session.Source?.ToString() ?? "this machine"} (agent {session.Instance})"));
        foreach (var session in node.Sessions)
        {
            session.Notify(Notice.Types.Kind.CopiedState, $"Two machines use this node's identity: it connects from {places}. "
                + "On the copy, run `meshover down`, delete /var/lib/meshover and join again.");
        }
    }
}
