using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Stores.Sqlite;

/// <summary>What SQLite's errors mean for the operator: one sentence that names the file and the way out.</summary>
internal static class StoreDamage
{
    // https://www.sqlite.org/rescode.html
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    public static StoreException Of(string operation, string file, SqliteException error) => error.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => Of(operation, file, error.Message, error),
        Busy or Locked => new StoreException(operation, file, $"another program holds a lock on it ({error.Message}). End that one; `fuser {file}` names it.", error),
        _ => new StoreException(operation, file, $"{error.Message} (SQLite error {error.SqliteExtendedErrorCode}).", error),
    };

    /// <param name="operation">What was tried, as in "open the store".</param>
    /// <param name="file">The store.</param>
    /// <param name="what">What is wrong with it.</param>
    /// <param name="inner">The cause.</param>
    public static StoreException Of(string operation, string file, string what, Exception? inner = null) => new(operation, file,
        $"it is damaged ({what.TrimEnd('.')}). Bring back the newest backup with `meshover-controller restore --replace FILE`; the nodes go on meanwhile.", inner);
}
