using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Stores.Sqlite;

/// <summary>The prepared statements of a store's one connection. Not thread-safe.</summary>
internal sealed class SqliteStatements : IDisposable
{
    // U+10FFFF sorts behind every character that a key can have.
    private const string BehindAll = "\U0010FFFF";

    private readonly SqliteCommand _modified;
    private readonly SqliteCommand _put;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _forwards;
    private readonly SqliteCommand _backwards;
    private readonly SqliteCommand _setRevision;

    public SqliteStatements(SqliteConnection connection)
    {
        _modified = Prepare(connection, "SELECT modified FROM entries WHERE key = $key", "$key");
        _put = Prepare(connection,
            "INSERT INTO entries VALUES ($key, $value, $revision) ON CONFLICT (key) DO UPDATE SET value = $value, modified = $revision",
            "$key", "$value", "$revision");
        _delete = Prepare(connection, "DELETE FROM entries WHERE key = $key", "$key");
        const string scan = "SELECT key, value, modified FROM entries WHERE key >= $from AND key < $until ORDER BY key";
        _forwards = Prepare(connection, $"{scan} LIMIT $limit", "$from", "$until", "$limit");
        _backwards = Prepare(connection, $"{scan} DESC LIMIT $limit", "$from", "$until", "$limit");
        _setRevision = Prepare(connection, "UPDATE counters SET value = $revision WHERE name = 'revision'", "$revision");
    }

    public void Use(SqliteTransaction transaction)
    {
        foreach (var command in new[] { _modified, _put, _delete, _setRevision })
            command.Transaction = transaction;
    }

    /// <summary>The revision that last wrote the key; 0 where it does not exist.</summary>
    public long Modified(string key)
    {
        _modified.Parameters[0].Value = key;
        return (long)(_modified.ExecuteScalar() ?? 0L);
    }

    public void Write(StoreWrite write, long revision)
    {
        var command = write.Value is null ? _delete : _put;
        command.Parameters[0].Value = write.Key;
        if (write.Value is { } value)
        {
            command.Parameters[1].Value = value.ToArray();
            command.Parameters[2].Value = revision;
        }
        command.ExecuteNonQuery();
    }

    public void SetRevision(long revision)
    {
        _setRevision.Parameters[0].Value = revision;
        _setRevision.ExecuteNonQuery();
    }

    public List<StoreEntry> Scan(StoreRange range)
    {
        var scan = range.Backwards ? _backwards : _forwards;
        scan.Transaction = null;
        scan.Parameters[0].Value = range.From;
        scan.Parameters[1].Value = range.Until ?? BehindAll;
        scan.Parameters[2].Value = range.Limit;
        var entries = new List<StoreEntry>();
        using var reader = scan.ExecuteReader();
        while (reader.Read())
            entries.Add(new StoreEntry(reader.GetString(0), reader.GetFieldValue<byte[]>(1), reader.GetInt64(2)));
        return entries;
    }

    public void Dispose()
    {
        foreach (var command in new[] { _modified, _put, _delete, _forwards, _backwards, _setRevision })
            command.Dispose();
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter(name, null));
        return command;
    }
}
