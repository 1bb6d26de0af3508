using System.Runtime.CompilerServices;
using Xunit;

namespace Meshover.UnitTests.Routing;

/// <summary>Compares with a file of Golden/. <c>MESHOVER_UPDATE_GOLDEN=1</c> writes the file instead: then read the difference and commit it.</summary>
internal static class GoldenText
{
    public static void Equal(string name, string actual, [CallerFilePath] string caller = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("MESHOVER_UPDATE_GOLDEN") == "1") File.WriteAllText(path, actual);
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
