using Meshover.Controller.Changes;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class MapBroadcasterTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeStore _store = new();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Change_ThatNodesAreNotToldOf_WakesNoStream_AndTheNextOneThatTheyAre_IsSent()
    {
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        using var maps = new MapBroadcaster(directory, TimeProvider.System);
        await maps.StartAsync(CancellationToken.None);
        var first = maps.Current;
        var next = maps.WaitBeyondAsync(first.Revision, CancellationToken.None);

        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Token("t"), TestMesh.Token(uses: 1).ToRecord()), CancellationToken.None);
        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Token("t"), TestMesh.Token(uses: 2).ToRecord()), CancellationToken.None);
        Assert.NotSame(next, await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System)));

        await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        Assert.Equal(3, (await next.WaitAsync(Patience)).Revision);
        await maps.StopAsync(CancellationToken.None);
    }

    // Changes come all the time, and handing one version to all takes 400 ms.
    [Fact]
    public async Task Changes_WithoutEnd_InAMeshWhereEachTakesLong_LeaveHalfOfTheTime()
    {
        var time = new FakeTimeProvider();
        await using var directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        using var maps = new MapBroadcaster(directory, time);
        await maps.StartAsync(CancellationToken.None);
        var versions = new List<(MapVersion Version, TimeSpan At)>();
        var started = time.GetTimestamp();
        for (var ms = 0; ms < 8000; ms += 20)
        {
            await directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh with { Controllers = [$"192.0.2.9:{ms + 1}"] }), CancellationToken.None);
            time.Advance(TimeSpan.FromMilliseconds(20));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            if (versions.Count == 0 || versions[^1].Version != maps.Current)
                versions.Add((maps.Current, time.GetElapsedTime(started)));
            if (time.GetElapsedTime(started) - versions[^1].At <= TimeSpan.FromMilliseconds(400))
                maps.Current.Spread.Took();
        }
        // 8 s: 160 versions without a pause that follows the cost, 10 with one.
        Assert.InRange(versions.Count, 3, 16);
        await maps.StopAsync(CancellationToken.None);
    }
}
