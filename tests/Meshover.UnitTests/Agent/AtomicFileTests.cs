using Meshover.Agent;

namespace Meshover.UnitTests.Agent;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-file").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Write_CannotReplace_ThrowsAndLeavesNothingBehind()
    {
        var path = Path.Combine(_directory, "taken");
        Directory.CreateDirectory(path);

        Assert.ThrowsAny<SystemException>(() => AtomicFile.Write(path, [1]));

        Assert.Equal([path], Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public void Tidy_TemporaryFilesOfWritersThatAreGone_AreDeletedAndNothingElse()
    {
        string Put(string name)
        {
            var path = Path.Combine(_directory, name);
            File.WriteAllText(path, "");
            return path;
        }
        string[] kept = [Put("map.pb"), Put("other.tmp"), Put("map.pb.1.tmp")]; // process 1 lives
        Put($"map.pb.{int.MaxValue}.tmp");
        Put($"map.pb.{Environment.ProcessId}.tmp"); // of a process that had our number

        AtomicFile.Tidy(_directory);

        Assert.Equal(kept.Order(StringComparer.Ordinal), Directory.GetFiles(_directory).Order(StringComparer.Ordinal));
        AtomicFile.Tidy(Path.Combine(_directory, "nowhere"));
    }
}
