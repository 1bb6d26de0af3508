using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Stores.Sqlite;

/// <summary>
/// The store in one SQLite file. A batch is one SQLite transaction and so one fsync (<c>synchronous=FULL</c>): that is the group
/// commit. One process at a time has it open for writing; readers such as <c>backup</c> do not disturb it (WAL).
/// </summary>
internal sealed class SqliteStore : IStore
{
    // Seconds. Longer than a backup holds it; shorter than administrators' commands wait, so that they are told.
    private const int LockTimeout = 5;

    private readonly SqliteConnection _connection;
    private readonly SqliteStatements _statements;
    private readonly ChangeFeed _feed;
    private readonly StoreLock? _lock;
    private readonly SemaphoreSlim _turn = new(1);
    private long _revision;

    private SqliteStore(SqliteConnection connection, StoreLock? storeLock)
    {
        _connection = connection;
        _lock = storeLock;
        _statements = new SqliteStatements(connection);
        _revision = (long)SqliteSchema.Scalar(connection, "SELECT value FROM counters WHERE name = 'revision'");
        _feed = new ChangeFeed(connection.DataSource, _revision);
    }

    public long Revision => Volatile.Read(ref _revision);

    /// <summary>Opens the file, or makes it, and takes its schema to this release's version.</summary>
    /// <exception cref="StoreException">No permission, damaged, of a newer release, or open in another controller.</exception>
    public static SqliteStore Open(string path)
    {
        var storeLock = StoreLock.Take(path);
        SqliteConnection? connection = null;
        try
        {
            connection = Connect(path, SqliteOpenMode.ReadWriteCreate);
            SqliteSchema.Execute(connection, null, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;");
            SqliteSchema.Check(connection, path);
            SqliteSchema.Migrate(connection);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new SqliteStore(connection, storeLock);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or StoreException)
        {
            connection?.Dispose();
            storeLock.Dispose();
            throw e switch
            {
                StoreException known => known,
                SqliteException sqlite => StoreDamage.Of("open the store", path, sqlite),
                _ => new StoreException("open the store", path, e.Message, e),
            };
        }
    }

    public async ValueTask<StoreSnapshot> ReadAsync(StoreRange range, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return new StoreSnapshot(_revision, _statements.Scan(range));
        }
        catch (SqliteException e)
        {
            throw StoreDamage.Of("read", _connection.DataSource, e);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask<IReadOnlyList<CommitResult>> CommitAsync(IReadOnlyList<StoreTransaction> batch, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return Commit(batch);
        }
        catch (SqliteException e)
        {
            throw StoreDamage.Of("write to", _connection.DataSource, e);
        }
        finally
        {
            _turn.Release();
        }
    }

    public IAsyncEnumerable<IReadOnlyList<StoreChange>> WatchAsync(long revision, CancellationToken cancel) =>
        _feed.WatchAsync(revision, cancel);

    public ValueTask DisposeAsync()
    {
        _statements.Dispose();
        _connection.Dispose();
        _lock?.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false, // closing must close the file
            DefaultTimeout = LockTimeout,
        }.ToString());
        connection.Open();
        return connection;
    }

    internal object Pragma(string name) => SqliteSchema.Scalar(_connection, $"PRAGMA {name}");

    private List<CommitResult> Commit(IReadOnlyList<StoreTransaction> batch)
    {
        var results = new List<CommitResult>(batch.Count);
        var changes = new List<StoreChange>();
        var revision = _revision;
        using (var transaction = _connection.BeginTransaction(deferred: false))
        {
            _statements.Use(transaction);
            foreach (var item in batch)
                results.Add(Apply(item, ref revision, changes));
            _statements.SetRevision(revision);
            transaction.Commit();
        }
        Volatile.Write(ref _revision, revision);
        if (changes.Count > 0)
            _feed.Add(changes, revision);
        return results;
    }

    // A transaction whose conditions fail has written nothing yet, so that it needs no savepoint.
    private CommitResult Apply(StoreTransaction item, ref long revision, List<StoreChange> changes)
    {
        foreach (var condition in item.Conditions)
        {
            if (_statements.Modified(condition.Key) != condition.Modified)
                return new CommitResult(revision, condition.Key);
        }
        if (item.Writes.Count == 0)
            return new CommitResult(revision, null);
        revision++;
        foreach (var write in item.Writes)
        {
            _statements.Write(write, revision);
            changes.Add(new StoreChange(revision, write.Key, write.Value));
        }
        return new CommitResult(revision, null);
    }
}
