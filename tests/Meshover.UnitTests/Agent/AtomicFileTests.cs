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
}
