using System.Runtime.CompilerServices;

namespace Meshover.UnitTests.Mesh;

/// <summary>
/// Compares text with a file beside the tests. After an intended change, run the tests once with <c>MESHOVER_UPDATE_GOLDEN=1</c>: the
/// files are written anew, and the difference is reviewed with the change.
/// </summary>
internal static class Golden
{
    private const string UpdateVariable = "MESHOVER_UPDATE_GOLDEN";

    public static void Check(string actual, string name, [CallerFilePath] string caller = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", $"{name}.txt");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllText(path, actual);
        Assert.True(File.Exists(path), $"{path} is missing: run the tests once with {UpdateVariable}=1 and review it.");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
