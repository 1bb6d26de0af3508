using Meshover.Cli.Supervision;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class LogTrimmerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("logs").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Trim_TooLong_MovesTheTextAsideAndKeepsTheFile()
    {
        var log = Path.Combine(_directory, "agent.log");
        using (var writer = new FileStream(log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            writer.Write(new byte[LogTrimmer.MaxBytes + 1]);
            writer.Flush();

            LogTrimmer.Trim(log);
        }

        Assert.Equal(0, new FileInfo(log).Length);
        Assert.Equal(LogTrimmer.MaxBytes + 1, new FileInfo($"{log}.1").Length);
    }

    [Fact]
    public void Trim_ShortOrMissing_DoesNothing()
    {
        var log = Path.Combine(_directory, "agent.log");
        LogTrimmer.Trim(log);
        File.WriteAllText(log, "short");
        LogTrimmer.Trim(log);

        Assert.Equal("short", File.ReadAllText(log));
        Assert.False(File.Exists($"{log}.1"));
    }
}
