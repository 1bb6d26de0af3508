using Meshover.Controller.Changes;

namespace Meshover.Controller.Streaming;

/// <summary>
/// Makes a new <see cref="MapVersion"/> 50 ms after a change of the map, with all that changed meanwhile: a wave of joins is a few deltas. For
/// what is not in the map (credentials, tokens) no stream is woken.
/// </summary>
internal sealed class MapBroadcaster(MeshDirectory directory, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(50);

    private readonly Latest<MapVersion> _latest = new(new MapVersion(directory.State));

    public MapVersion Current => _latest.Value;

    public Task<MapVersion> WaitBeyondAsync(long revision, CancellationToken cancel) => _latest.WaitBeyondAsync(revision, cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var seen = Current.Revision;
        while (true)
        {
            await directory.WaitBeyondAsync(seen, stoppingToken);
            await Task.Delay(Coalesce, time, stoppingToken);
            var state = directory.State;
            seen = state.Revision;
            if (state.MapRevision > Current.State.MapRevision)
                _latest.Publish(new MapVersion(state));
        }
    }
}
