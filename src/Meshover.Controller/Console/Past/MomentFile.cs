using System.Text.Json;
using Meshover.Console.UseCases;
using Meshover.Controller.Stores;
using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Console.Past;

/// <summary>
/// Pictures of the mesh on disk, so many days and bytes, in a SQLite file of its own: nothing else is worth less, so a file that is damaged is put aside and begun
/// anew, and the store of the mesh never waits for it. A picture stands from <c>time</c> to <c>until</c>: where nothing changed but round trips, no other is
/// kept within the hour. Thread-safe.
/// </summary>
internal sealed partial class MomentFile(string path, ILogger<MomentFile> log) : IDisposable
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(7);
    public const long MostBytes = 256L * 1024 * 1024;

    /// <summary>After so long the whole picture is kept, whether it changed or not: round trips do.</summary>
    public static readonly TimeSpan WholeEach = TimeSpan.FromHours(1);

    /// <summary>Two looks that are further apart have nothing to say of the time between.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromMinutes(3);

    private readonly SemaphoreSlim _turn = new(1);
    private SqliteConnection? _connection;

    /// <summary>The picture that stands: when it was taken, when it was last seen to hold, and what it is without round trips.</summary>
    private (DateTimeOffset At, DateTimeOffset Until, MomentShape Shape)? _standing;

    /// <summary>Keeps a picture, or that the last one still holds, and takes out the oldest where there are too many.</summary>
    /// <exception cref="SqliteException">It cannot be written.</exception>
    public Task KeepAsync(DateTimeOffset at, MeshView view, CancellationToken cancel) => InTurnAsync(connection =>
    {
        var shape = MomentShape.Of(view);
        using var transaction = connection.BeginTransaction();
        var holds = _standing is { } last && last.Shape == shape && at >= last.Until && at - last.Until <= LongestGap && at - last.At < WholeEach;
        var taken = holds && StillHolds(connection, _standing!.Value.At, at) ? _standing.Value.At : at;
        if (taken == at)
            Execute(connection, "INSERT OR REPLACE INTO moments (time, data, until) VALUES ($time, $data, $time)", ("$time", at.ToUnixTimeSeconds()), ("$data", MomentRecord.Write(view)));
        Execute(connection, "DELETE FROM moments WHERE time < $time AND coalesce(until, time) < $time", ("$time", (at - KeptFor).ToUnixTimeSeconds()));
        if (Used(connection) > MostBytes)
            Execute(connection, "DELETE FROM moments WHERE time IN (SELECT time FROM moments ORDER BY time LIMIT 64)");
        transaction.Commit();
        _standing = (taken, at, shape);
        return true;
    }, cancel);

    /// <summary>False: the picture was taken out meanwhile.</summary>
    private static bool StillHolds(SqliteConnection connection, DateTimeOffset taken, DateTimeOffset at)
    {
        using var command = Command(connection, "UPDATE moments SET until = $until WHERE time = $time", ("$until", at.ToUnixTimeSeconds()), ("$time", taken.ToUnixTimeSeconds()));
        return command.ExecuteNonQuery() == 1;
    }

    /// <exception cref="StoreException">It cannot be read.</exception>
    public Task<PastSpan> SpanAsync(CancellationToken cancel) => ReadingAsync(connection =>
    {
        // `until` lies behind the picture: to read it of each would be to read them all.
        using var command = Command(connection, "SELECT (SELECT min(time) FROM moments), coalesce(until, time) FROM moments ORDER BY time DESC LIMIT 1");
        using var reader = command.ExecuteReader();
        return reader.Read() && !reader.IsDBNull(0)
            ? new PastSpan(DateTimeOffset.FromUnixTimeSeconds(reader.GetInt64(0)), DateTimeOffset.FromUnixTimeSeconds(reader.GetInt64(1))) : new PastSpan(null, null);
    }, cancel);

    /// <summary>The last picture that was kept until then; null: there is none.</summary>
    /// <returns>At: until when it is known to hold, and not beyond what was asked for. Taken: when its round trips were measured.</returns>
    /// <exception cref="StoreException">It cannot be read.</exception>
    public Task<(DateTimeOffset At, DateTimeOffset Taken, MeshView View)?> ReadAsync(DateTimeOffset at, CancellationToken cancel) => ReadingAsync<(DateTimeOffset, DateTimeOffset, MeshView)?>(connection =>
    {
        using var command = Command(connection, "SELECT time, data, coalesce(until, time) FROM moments WHERE time <= $time ORDER BY time DESC LIMIT 1", ("$time", at.ToUnixTimeSeconds()));
        using var reader = command.ExecuteReader();
        if (!reader.Read())
            return null;
        var holds = Math.Min(reader.GetInt64(2), at.ToUnixTimeSeconds());
        return (DateTimeOffset.FromUnixTimeSeconds(holds), DateTimeOffset.FromUnixTimeSeconds(reader.GetInt64(0)), MomentRecord.Read(reader.GetFieldValue<byte[]>(1)));
    }, cancel);

    public void Dispose()
    {
        _connection?.Dispose();
        _turn.Dispose();
    }

    private async Task<T> ReadingAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancel)
    {
        try
        {
            return await InTurnAsync(read, cancel);
        }
        catch (Exception e) when (e is SqliteException or JsonException or InvalidDataException)
        {
            throw new StoreException("read the past", path, e.Message, e);
        }
    }

    // SQLite waits for the disk on the thread that asks it.
    private async Task<T> InTurnAsync<T>(Func<SqliteConnection, T> use, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => use(_connection ??= OpenOrBegin()), cancel);
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            // Damaged behind its first pages, which is seen in use alone.
            _connection?.Dispose();
            _connection = null;
            _standing = null;
            PutAside(e);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private SqliteConnection OpenOrBegin()
    {
        try
        {
            return Open();
        }
        catch (SqliteException e) when (IsDamage(e))
        {
            PutAside(e);
            return Open();
        }
    }

    // SQLITE_CORRUPT, SQLITE_NOTADB.
    private static bool IsDamage(SqliteException e) => e.SqliteErrorCode is 11 or 26;

    private void PutAside(SqliteException e)
    {
        LogPutAside(log, path, e.Message);
        File.Move(path, $"{path}.damaged", overwrite: true);
        foreach (var rest in new[] { "-wal", "-shm" })
            File.Delete(path + rest);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            // A picture that is lost with the machine's power is no loss.
            Execute(connection, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE IF NOT EXISTS moments (time INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT");
            // A file of before: each of its pictures holds at its own time alone.
            if (Scalar(connection, "PRAGMA user_version") == 0)
                Execute(connection, "BEGIN; ALTER TABLE moments ADD COLUMN until INTEGER; PRAGMA user_version = 1; COMMIT");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the file that hold something.</summary>
    private static long Used(SqliteConnection connection) =>
        (Scalar(connection, "PRAGMA page_count") - Scalar(connection, "PRAGMA freelist_count")) * Scalar(connection, "PRAGMA page_size");

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = Command(connection, sql);
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = Command(connection, sql, values);
        command.ExecuteNonQuery();
    }

    // The statements are this file's own; what comes from outside are parameters.
    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The console's past in {Path} is damaged ({Reason}); it was put aside as *.damaged, and begins anew")]
    private static partial void LogPutAside(ILogger logger, string path, string reason);
}
