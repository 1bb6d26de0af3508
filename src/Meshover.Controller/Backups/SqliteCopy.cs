using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary>Copies a store by SQLite's online backup, whether or not it is in use, and checks that it is whole.</summary>
internal static class SqliteCopy
{
    /// <param name="from">Is not changed.</param>
    /// <param name="to">One file, without a log beside it.</param>
    /// <param name="mode">A store whose controller was killed can be read only by who may write, too: it has a log that is not in it yet.</param>
    /// <exception cref="SqliteException">It is no database, or cannot be read.</exception>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static void Write(string from, string to, SqliteOpenMode mode = SqliteOpenMode.ReadWrite)
    {
        using var source = SqliteStore.Connect(from, mode);
        using var target = SqliteStore.Connect(to, SqliteOpenMode.ReadWriteCreate);
        source.BackupDatabase(target);
        SqliteSchema.Execute(target, null, "PRAGMA journal_mode=DELETE");
        SqliteSchema.Check(target, from);
    }
}
