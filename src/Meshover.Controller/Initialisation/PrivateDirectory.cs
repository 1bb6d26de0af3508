namespace Meshover.Controller.Initialisation;

/// <summary>Directories for root alone.</summary>
internal static class PrivateDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the directory (0700) where it is missing, and tightens one that is there.</summary>
    /// <returns>Whether it was missing.</returns>
    public static bool Create(string path)
    {
        var isNew = !Directory.Exists(path);
        Directory.CreateDirectory(path, OwnerOnly);
        File.SetUnixFileMode(path, OwnerOnly);
        return isNew;
    }
}
