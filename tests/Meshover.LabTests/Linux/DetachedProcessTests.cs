using System.Runtime.InteropServices;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;
using Xunit;

namespace Meshover.LabTests.Linux;

public sealed class DetachedProcessTests
{
    [Fact]
    public async Task Start_InANamespace_RunsThereInASessionOfItsOwnAndLogs()
    {
        using var here = new TestNamespace();
        var log = Path.Combine(Path.GetTempPath(), $"{here.Name}.log");
        try
        {
            var process = DetachedProcess.Start("sh", ["-c", "echo hello; echo oops >&2; cut -d' ' -f6 /proc/self/stat; exit 3"], log, here.Path);

            Assert.Equal(here.Run(NetworkNamespace.CurrentInode), process.NetworkNamespace);
            Assert.Equal(3, await process.WaitForExitAsync(TestContext.Current.CancellationToken));
            Assert.False(process.IsAlive);
            Assert.Equal($"hello\noops\n{process.Pid}\n", await File.ReadAllTextAsync(log, TestContext.Current.CancellationToken));
        }
        finally
        {
            File.Delete(log);
        }
    }

    [Fact]
    public void Start_NoSuchProgram_SaysWhich()
    {
        var error = Assert.Throws<ProcessException>(() => DetachedProcess.Start("/nonexistent/program", []));
        Assert.Contains("start /nonexistent/program: No such file or directory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signal_ProcessThatEnded_HitsNobody()
    {
        var process = DetachedProcess.Start("sleep", ["1000"]);
        Assert.True(process.IsAlive);
        Assert.True(process.Signal(PosixSignal.SIGTERM));
        Assert.Equal(128 + 15, await process.WaitForExitAsync(TestContext.Current.CancellationToken));
        Assert.False(process.Signal(PosixSignal.SIGTERM));
    }

    [Fact]
    public async Task Signal_PidOfAnother_HitsNobody()
    {
        var process = DetachedProcess.Start("sleep", ["1000"]);
        var former = process with { StartTime = process.StartTime - 1 };
        Assert.False(former.IsAlive);
        Assert.False(former.Kill());
        Assert.True(process.Kill());
        Assert.Equal(128 + 9, await process.WaitForExitAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task StopAsync_ProcessThatIgnoresTheTerm_IsKilledAfterTheGrace()
    {
        var process = DetachedProcess.Start("sh", ["-c", "trap '' TERM; while :; do sleep 0.1; done"]);
        await process.StopAsync(TimeSpan.FromMilliseconds(200), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.False(process.IsAlive);
    }
}
