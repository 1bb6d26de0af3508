using Meshover.Cli.Down;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class RuntimeFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-files").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Delete_WriterWasKilled_TakesWhatItLeftAndNothingElse()
    {
        foreach (var name in (string[])["map.pb", "map.pb.77.tmp", "map.pb.new", "map.pb.mine", "other.77.tmp", "identity.json", "identity.json.77.tmp"])
            File.WriteAllText(Path.Combine(_directory, name), "");

        RuntimeFiles.Delete(Path.Combine(_directory, "map.pb"));
        RuntimeFiles.DeleteHalfWritten(Path.Combine(_directory, "identity.json"));

        Assert.Equal(["identity.json", "map.pb.mine", "other.77.tmp"], Directory.GetFiles(_directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Delete_NothingThere_IsNoError() => RuntimeFiles.Delete(Path.Combine(_directory, "none", "map.pb"));
}
