using Meshover.Linux.Files;

namespace Meshover.UnitTests.Linux;

public sealed class DirectorySyncTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-sync").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Flush_Directory_IsDone() => DirectorySync.Flush(_directory);

    [Fact]
    public void Flush_WhatIsNoDirectory_Throws()
    {
        var file = Path.Combine(_directory, "file");
        File.WriteAllText(file, "");

        Assert.Contains("Not a directory", Assert.Throws<IOException>(() => DirectorySync.Flush(file)).Message, StringComparison.Ordinal);
        Assert.Contains("No such file", Assert.Throws<IOException>(() => DirectorySync.Flush(Path.Combine(_directory, "nowhere"))).Message, StringComparison.Ordinal);
    }
}
