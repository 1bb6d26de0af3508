using System.Text;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class SqliteStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-store-").FullName;

    private string File => Path.Combine(_directory, "store.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Open_IsDurable()
    {
        await using var store = SqliteStore.Open(File);
        Assert.Equal("wal", store.Pragma("journal_mode"));
        Assert.Equal(2L, store.Pragma("synchronous")); // FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
        Assert.Equal((long)SqliteSchema.Version, store.Pragma("user_version"));
    }

    [Fact]
    public async Task Commit_ConditionThatFails_WritesNothingOfItsTransaction_AndLeavesTheOthers()
    {
        await using var store = SqliteStore.Open(File);
        await CommitAsync(store, Put("a", 0));

        var results = await store.CommitAsync([Put("b", 0), Put("a", 0), Put("c", 0)], CancellationToken.None);

        Assert.Equal([null, "a", null], results.Select(result => result.FailedKey));
        Assert.Equal(["a", "b", "c"], await KeysAsync(store, ""));
        Assert.Equal(3, store.Revision);
        Assert.True((await CommitAsync(store, Put("a", 1))).Succeeded);
    }

    [Fact]
    public async Task Commit_WithinABatch_SeesTheEarlierTransactions()
    {
        await using var store = SqliteStore.Open(File);
        var results = await store.CommitAsync([Put("a", 0), Put("a", 1), Put("a", 1)], CancellationToken.None);
        Assert.Equal([true, true, false], results.Select(result => result.Succeeded));
    }

    [Fact]
    public async Task Read_Prefix_IsInKeyOrder_AndSurvivesReopening()
    {
        await using (var store = SqliteStore.Open(File))
            await store.CommitAsync([Put("node/2", 0), Put("node/1", 0), Put("nodes", 0), Delete("node/2")], CancellationToken.None);

        await using var reopened = SqliteStore.Open(File);
        Assert.Equal(["node/1"], await KeysAsync(reopened, "node"));
        Assert.Equal(4, reopened.Revision);
    }

    [Fact]
    public async Task Read_SoManyFromTheEnd_GoesOnFromTheLastKey()
    {
        await using var store = SqliteStore.Open(File);
        await store.CommitAsync([.. Enumerable.Range(1, 5).Select(i => Put($"a/{i}", 0)), Put("a", 0), Put("a0", 0)], CancellationToken.None);
        var range = StoreRange.Folder("a") with { Limit = 2, Backwards = true };

        Assert.Equal(["a/5", "a/4"], await KeysAsync(store, range));
        Assert.Equal(["a/3", "a/2"], await KeysAsync(store, range with { Until = "a/4" }));
        Assert.Equal(["a/1"], await KeysAsync(store, range with { Until = "a/2" }));
        Assert.Equal(["a/1", "a/2"], await KeysAsync(store, range with { Backwards = false }));
    }

    [Fact]
    public async Task Watch_GivesEveryChangeOnceAndInOrder_FromAnyRevision()
    {
        await using var store = SqliteStore.Open(File);
        await CommitAsync(store, Put("a", 0));
        await CommitAsync(store, Put("b", 0));
        using var stop = new CancellationTokenSource();
        var seen = new List<StoreChange>();
        var watch = Task.Run(async () =>
        {
            await foreach (var changes in store.WatchAsync(1, stop.Token))
            {
                seen.AddRange(changes);
                if (seen[^1].Key == "d")
                    return;
            }
        });
        await CommitAsync(store, Put("c", 0));
        await store.CommitAsync([Delete("a"), Put("d", 0)], CancellationToken.None);
        await watch.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal([(2L, "b"), (3L, "c"), (4L, "a"), (5L, "d")], seen.Select(change => (change.Revision, change.Key)));
        Assert.Null(seen[2].Value);
    }

    [Fact]
    public async Task ChangeFeed_WatcherTooFarBehind_IsToldToReadTheStoreWhole()
    {
        var feed = new ChangeFeed("test", 0, capacity: 4);
        for (var revision = 1; revision <= 10; revision++)
            feed.Add([new StoreChange(revision, "k", null)], revision);

        await Assert.ThrowsAsync<StoreException>(async () => await FirstAsync(feed, 2));
        Assert.Equal(7, (await FirstAsync(feed, 6))[0].Revision);
    }

    /// <summary>Whatever was forgotten meanwhile, and however the room for it is used anew.</summary>
    [Fact]
    public async Task ChangeFeed_GivesWhatIsNewerThanAWatcherHas_AndNothingElse()
    {
        var feed = new ChangeFeed("test", 0, capacity: 8);
        for (var revision = 1; revision <= 100; revision++)
        {
            feed.Add([new StoreChange(revision, $"a{revision}", null), new StoreChange(revision, $"b{revision}", null)], revision);
            foreach (var behind in (int[])[1, 2, 4])
                if (revision >= behind)
                    Assert.Equal(Enumerable.Range(revision - behind + 1, behind).SelectMany(n => (string[])[$"a{n}", $"b{n}"]), (await FirstAsync(feed, revision - behind)).Select(change => change.Key));
            if (revision > 4)
                await Assert.ThrowsAsync<StoreException>(() => FirstAsync(feed, revision - 5));
        }
    }

    [Fact]
    public async Task ChangeFeed_CommitOfMoreThanItKeeps_ReachesAWatcherThatHadKeptUp()
    {
        var feed = new ChangeFeed("test", 0, capacity: 4);
        feed.Add([.. Enumerable.Range(1, 10).Select(revision => new StoreChange(revision, "k", null))], 10);
        Assert.Equal(10, (await FirstAsync(feed, 0)).Count);

        feed.Add([new StoreChange(11, "k", null)], 11);
        await Assert.ThrowsAsync<StoreException>(async () => await FirstAsync(feed, 0));
        Assert.Single(await FirstAsync(feed, 10));
    }

    [Fact]
    public async Task Open_Twice_IsRefused()
    {
        await using var store = SqliteStore.Open(File);
        Assert.Contains("another controller", Assert.Throws<StoreException>(() => SqliteStore.Open(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_SchemaOfANewerRelease_IsRefused()
    {
        await using (var store = SqliteStore.Open(File))
            store.Pragma("user_version = 99");
        Assert.Contains("version 99", Assert.Throws<StoreException>(() => SqliteStore.Open(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FileThatIsNoDatabase_IsRefused()
    {
        System.IO.File.WriteAllText(File, new string('x', 4096));
        Assert.Throws<StoreException>(() => SqliteStore.Open(File));
    }

    // A controller that is killed leaves its log; then somebody deletes the store, and puts a backup or a new mesh there.
    [Fact]
    public async Task Move_ToWhereALogOfAnotherStoreLies_DoesNotMixTheTwo()
    {
        var log = await LogOfAsync(Path.Combine(_directory, "former.db"), "former");
        var made = Path.Combine(_directory, "made.db");
        await using (var store = SqliteStore.Open(made))
            await CommitAsync(store, Put("made", 0));
        await System.IO.File.WriteAllBytesAsync(File + "-wal", log);

        StoreFiles.Move(made, File);

        await using var moved = SqliteStore.Open(File);
        Assert.Equal(["made"], await KeysAsync(moved, ""));
    }

    private static async Task<byte[]> LogOfAsync(string file, string key)
    {
        await using var store = SqliteStore.Open(file);
        await CommitAsync(store, Put(key, 0));
        await using var log = new FileStream(file + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var bytes = new MemoryStream();
        await log.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    private static async Task<IReadOnlyList<StoreChange>> FirstAsync(ChangeFeed feed, long revision)
    {
        await foreach (var changes in feed.WatchAsync(revision, CancellationToken.None))
            return changes;
        return [];
    }

    private static async Task<CommitResult> CommitAsync(SqliteStore store, StoreTransaction transaction) =>
        (await store.CommitAsync([transaction], CancellationToken.None))[0];

    private static async Task<IEnumerable<string>> KeysAsync(SqliteStore store, StoreRange range) =>
        (await store.ReadAsync(range, CancellationToken.None)).Entries.Select(entry => entry.Key);

    private static async Task<IEnumerable<string>> KeysAsync(SqliteStore store, string folder) =>
        (await store.ReadAsync(folder.Length == 0 ? StoreRange.All : StoreRange.Folder(folder), CancellationToken.None)).Entries.Select(entry => entry.Key);

    private static StoreTransaction Put(string key, long modified) =>
        new([new StoreCondition(key, modified)], [new StoreWrite(key, Encoding.UTF8.GetBytes("value"))]);

    private static StoreTransaction Delete(string key) => new([], [new StoreWrite(key, null)]);
}
