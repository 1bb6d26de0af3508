using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Stores.Sqlite;

/// <summary>The tables, by version (<c>PRAGMA user_version</c>). A release takes any older file to its own version, never back.</summary>
internal static class SqliteSchema
{
    // Append only: step i takes version i to i + 1.
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, modified INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO counters VALUES ('revision', 0);
        """,
        // Credentials were numbered, each number kept here. A release that still does so must not go on from a store without them.
        "DELETE FROM entries WHERE key >= 'issue/' AND key < 'issue0';",
    ];

    public static int Version => Steps.Length;

    /// <exception cref="StoreException">The file was written by a newer release.</exception>
    public static void Migrate(SqliteConnection connection)
    {
        var version = (int)(long)Scalar(connection, "PRAGMA user_version");
        if (version > Version)
            throw new StoreException("open", connection.DataSource,
                $"its schema is version {version}, and this release knows up to {Version}. Start the release that wrote it, or a newer one.");
        for (; version < Version; version++)
        {
            using var transaction = connection.BeginTransaction();
            Execute(connection, transaction, Steps[version]);
            Execute(connection, transaction, $"PRAGMA user_version = {version + 1}");
            transaction.Commit();
        }
    }

    /// <summary>Looks through the whole file, some milliseconds for each MB.</summary>
    /// <param name="connection">To the file, or to a copy of it.</param>
    /// <param name="file">The one to name.</param>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static void Check(SqliteConnection connection, string file)
    {
        if (Scalar(connection, "PRAGMA quick_check") is not "ok" and var result)
            throw StoreDamage.Of("use", file, $"{result}".ReplaceLineEndings(" "));
    }

    public static object Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() ?? 0L;
    }

    public static void Execute(SqliteConnection connection, SqliteTransaction? transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
