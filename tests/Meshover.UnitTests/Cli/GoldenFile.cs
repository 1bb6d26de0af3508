using System.Runtime.CompilerServices;
using Xunit;

namespace Meshover.UnitTests.Cli;

/// <summary>Compares with a file of the repository. <c>MESHOVER_UPDATE_GOLDEN=1</c> writes it instead: then read the difference and commit it.</summary>
internal static class GoldenFile
{
    /// <param name="path">Relative to this folder.</param>
    /// <param name="actual">The text to be compared.</param>
    /// <param name="caller">Left to the compiler.</param>
    public static void Equal(string path, string actual, [CallerFilePath] string caller = "")
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(caller)!, path));
        if (Environment.GetEnvironmentVariable("MESHOVER_UPDATE_GOLDEN") == "1")
            File.WriteAllText(file, actual);
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
