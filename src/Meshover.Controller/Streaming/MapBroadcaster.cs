using Meshover.Controller.Changes;

namespace Meshover.Controller.Streaming;

/// <summary>Makes a new <see cref="MapVersion"/> 50 ms after a change, with all that changed meanwhile: a wave of joins is a few deltas.</summary>
internal sealed class MapBroadcaster(MeshDirectory directory, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Coalesce = TimeSpan.FromMilliseconds(50);

    private readonly Latest<MapVersion> _latest = new(new MapVersion(directory.State));

    public MapVersion Current => _latest.Value;

    public Task<MapVersion> WaitBeyondAsync(long revision, CancellationToken cancel) => _latest.WaitBeyondAsync(revision, cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await directory.WaitBeyondAsync(Current.Revision, stoppingToken);
            await Task.Delay(Coalesce, time, stoppingToken);
            _latest.Publish(new MapVersion(directory.State));
        }
    }
}
