using Meshover.Controller.Configuration;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary><c>backup</c>: one file with everything, keys included, made by SQLite's online backup while the controller runs, or not.</summary>
internal static class StoreBackup
{
    /// <param name="storePath">The store.</param>
    /// <param name="file">Must not exist: a backup is never written over another.</param>
    /// <exception cref="ConfigException">What is in the way.</exception>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public static void Write(string storePath, string file)
    {
        if (!File.Exists(storePath))
            throw new ConfigException($"There is no store {storePath}: run this on the controller's machine, or name its directory with --state.");
        if (File.Exists(file))
            throw new ConfigException($"{file} exists: name a new file; a backup is never written over another.");
        var building = file + ".new";
        try
        {
            CreatePrivate(building);
            Copy(storePath, building);
            File.Move(building, file);
            DurableFile.Sync(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"Cannot write {file}: {e.Message} Name a file in a directory that you may write to.");
        }
        finally
        {
            File.Delete(building);
        }
    }

    private static void Copy(string storePath, string file)
    {
        try
        {
            SqliteCopy.Write(storePath, file);
        }
        catch (SqliteException e)
        {
            throw new StoreException("back up", storePath, $"{e.Message}.", e);
        }
    }

    // It holds the keys of the mesh: never readable by others, not even for a moment.
    private static void CreatePrivate(string path)
    {
        File.Delete(path);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }
}
