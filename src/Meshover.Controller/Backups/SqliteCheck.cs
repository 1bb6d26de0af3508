using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary>Whether a file is a whole SQLite database.</summary>
internal static class SqliteCheck
{
    /// <exception cref="StoreException">It is damaged.</exception>
    public static void Verify(SqliteConnection connection)
    {
        var result = SqliteSchema.Scalar(connection, "PRAGMA quick_check") as string;
        if (result != "ok")
            throw new StoreException("use", connection.DataSource, $"it is damaged ({result}).");
    }
}
