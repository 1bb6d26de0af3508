using System.Collections.Concurrent;
using Meshover.Controller.Changes;
using Meshover.Controller.Live;

namespace Meshover.Controller.Streaming;

/// <summary>
/// Makes a new <see cref="MapVersion"/> 50 ms after a change of the map, with all that changed meanwhile: a wave of joins is a few deltas.
/// In a large mesh handing a version to all streams takes longer than that; then the next waits as long again, so that changes
/// without end leave the controller half of its time. For what is not in the map (credentials, tokens) no stream is woken.
/// </summary>
internal sealed class MapBroadcaster(MeshDirectory directory, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(50);

    // However long the last version took: nobody waits longer for a removal.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Latest<MapVersion> _latest = new(new MapVersion(directory.State, time));
    private readonly ConcurrentDictionary<NodeSession, bool> _sessions = new();

    public MapVersion Current => _latest.Value;

    public SnapshotGate Snapshots { get; } = new(time);

    public Task<MapVersion> WaitBeyondAsync(long revision, CancellationToken cancel) => _latest.WaitBeyondAsync(revision, cancel);

    /// <summary>Wakes the session at each new version, until the result is disposed of.</summary>
    public IDisposable Follow(NodeSession session)
    {
        _sessions[session] = true;
        return new Following(this, session);
    }

    public override void Dispose()
    {
        Snapshots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var seen = Current.Revision;
        while (true)
        {
            await directory.WaitBeyondAsync(seen, stoppingToken);
            await Task.Delay(Coalesce, time, stoppingToken);
            for (var wait = Pause(); wait > TimeSpan.Zero; wait = Pause())
                await Task.Delay(wait, time, stoppingToken);
            var state = directory.State;
            seen = state.Revision;
            if (state.MapRevision > Current.State.MapRevision)
                Publish(new MapVersion(state, time));
        }
    }

    // Asked again after each wait: the version before may still be on its way.
    private TimeSpan Pause()
    {
        var spread = Current.Spread;
        var pause = spread.Length * 2;
        return (pause < LongestPause ? pause : LongestPause) - spread.Age;
    }

    private void Publish(MapVersion version)
    {
        _latest.Publish(version);
        foreach (var (session, _) in _sessions)
            session.Wake();
    }

    private sealed class Following(MapBroadcaster maps, NodeSession session) : IDisposable
    {
        public void Dispose() => maps._sessions.TryRemove(session, out _);
    }
}
