using Meshover.Controller.Configuration;

namespace Meshover.Controller.Initialisation;

/// <summary>Directories for their owner alone.</summary>
internal static class PrivateDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes the directory (0700) where it is missing. One that is there is not ours to change: it might be /tmp.</summary>
    /// <returns>Whether it was missing.</returns>
    /// <exception cref="ConfigException">It is there, and others may look into it.</exception>
    public static bool Create(string path)
    {
        if (Directory.Exists(path))
        {
            if ((File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
                throw new ConfigException(
                    $"{path} is open to other users: choose a directory of the controller's own, or, if it is one, close it with `chmod 0700 {path}`.");
            return false;
        }
        Directory.CreateDirectory(path, OwnerOnly);
        // The umask may have taken more away.
        File.SetUnixFileMode(path, OwnerOnly);
        return true;
    }
}
