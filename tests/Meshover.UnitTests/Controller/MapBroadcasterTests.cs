using Meshover.Controller.Changes;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
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
}
