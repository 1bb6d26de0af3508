using System.Diagnostics;
using System.Runtime.InteropServices;
using Meshover.Lab;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>A daemon that is told to end ends, whenever it is told: while it starts, too.</summary>
public sealed class SignalTests : IDisposable
{
    private const int EndedByTerm = 128 + 15;
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-signal-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Daemon_ToldToEndAtAnyMomentOfItsStart_EndsWell()
    {
        foreach (var delay in Enumerable.Range(0, 25).Select(step => TimeSpan.FromMilliseconds(step * 12)))
        {
            using var daemon = Process.Start(new ProcessStartInfo(LabPrograms.Meshover, ["dns", "--state-dir", _directory, "--run-dir", _directory, "--config", Path.Combine(_directory, "none.yaml")])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var said = daemon.StandardError.ReadToEndAsync(deadline.Token);
            await Task.Delay(delay, TimeProvider.System, deadline.Token);
            Assert.True(ProcessIdentity.TryFind(daemon.Id)?.Signal(PosixSignal.SIGTERM), $"it had ended after {delay.TotalMilliseconds} ms");
            try
            {
                await daemon.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                daemon.Kill();
                Assert.Fail($"told after {delay.TotalMilliseconds} ms, it goes on");
            }
            // Before it can know of signals, one ends it as it ends any program.
            Assert.True(daemon.ExitCode is 0 or EndedByTerm, $"told after {delay.TotalMilliseconds} ms: {daemon.ExitCode} {await said}");
        }
    }
}
