using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class MeshDirectoryTests : IAsyncDisposable
{
    private readonly FakeStore _store = new();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Changes_ThatComeWhileACommitIsUnderWay_ShareTheNextOne()
    {
        await using var directory = await OpenAsync();
        var gate = new TaskCompletionSource();
        _store.BeforeCommit = () => gate.Task;

        var changes = Enumerable.Range(0, 200).Select(i => directory.ChangeAsync(draft => Claim(draft, i), CancellationToken.None)).ToList();
        gate.SetResult();
        await Task.WhenAll(changes).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.True(_store.Commits <= 4, $"{_store.Commits} commits");
        Assert.Equal(200, directory.State.CountOf(StoreKeys.HostNameFolder));
    }

    [Fact]
    public async Task Change_IsNotAnsweredBeforeItIsDurable_AndVisibleOnceItIs()
    {
        await using var directory = await OpenAsync();
        var gate = new TaskCompletionSource();
        _store.BeforeCommit = () => gate.Task;

        var change = directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None);
        Assert.NotSame(change, await Task.WhenAny(change, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System)));
        Assert.Null(directory.State.Get<ClaimRecord>(StoreKeys.HostName("n1")));

        gate.SetResult();
        await change.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotNull(directory.State.Get<ClaimRecord>(StoreKeys.HostName("n1")));
    }

    [Fact]
    public async Task Changes_OfOneBatch_SeeOneAnother()
    {
        await using var directory = await OpenAsync();
        var gate = new TaskCompletionSource();
        _store.BeforeCommit = () => gate.Task;
        var first = directory.ChangeAsync(draft => Claim(draft, 0), CancellationToken.None);

        var second = directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None);
        var same = directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None);
        gate.SetResult();

        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAsync<RefusalException>(() => same);
    }

    [Fact]
    public async Task Change_ThatMeetsAnotherControllers_IsDraftedAnew()
    {
        await using var directory = await OpenAsync();
        var once = true;
        _store.BeforeCommit = () =>
        {
            if (once)
                _store.Write(StoreKeys.HostName("n1"), RecordJson.Write(new ClaimRecord(77)));
            once = false;
            return Task.CompletedTask;
        };

        var refused = directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None);

        await Assert.ThrowsAsync<RefusalException>(() => refused.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(77u, directory.State.Get<ClaimRecord>(StoreKeys.HostName("n1"))!.Node);
    }

    [Fact]
    public async Task Change_ThatTheStoreCannotKeep_Fails_AndTheNextOneMayDoBetter()
    {
        await using var directory = await OpenAsync();
        _store.BeforeCommit = () => throw new StoreException("write to", "fake", "the disk is full.");
        await Assert.ThrowsAsync<StoreException>(() => directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None));

        _store.BeforeCommit = () => Task.CompletedTask;
        await directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(directory.Completion.IsCompleted);
    }

    [Fact]
    public async Task Writer_ThatDiesOfAnythingElse_EndsTheDirectory()
    {
        await using var directory = await OpenAsync();
        _store.BeforeCommit = () => throw new InvalidOperationException("a bug");
        await Assert.ThrowsAsync<InvalidOperationException>(() => directory.ChangeAsync(draft => Claim(draft, 1), CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => directory.Completion.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private Task<MeshDirectory> OpenAsync() => MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);

    private static void Claim(Draft draft, int i)
    {
        var key = StoreKeys.HostName($"n{i}");
        if (!draft.IsFree(key))
            throw new RefusalException(RefusalReason.Taken, "taken");
        draft.Put(key, new ClaimRecord((uint)i));
    }
}
