using System.Diagnostics;
using Meshover.Linux.Processes;

namespace Meshover.UnitTests.Linux;

public sealed class ProgramRunTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ReadsItsInputAndTellsBothOutputsAndHowItEnded()
    {
        var ending = await new ProgramRun("sh", "-c", "cat; echo no >&2; exit 3") { Input = "yes" }.RunAsync(_ct);
        Assert.Equal((3, "yes", "no\n", null), (ending.ExitCode, ending.Output, ending.Errors, ending.Signal));
    }

    [Fact]
    public async Task Run_ProgramThatReadsNothing_IsNoError() =>
        Assert.Equal(0, (await new ProgramRun("true") { Input = new string('x', 1 << 20) }.RunAsync(_ct)).ExitCode);

    [Fact]
    public async Task Run_EndedByASignal_IsToldApart() =>
        Assert.Equal(9, (await new ProgramRun("sh", "-c", "kill -9 $$").RunAsync(_ct)).Signal);

    [Fact]
    public async Task Run_NoSuchProgram_SaysSo() =>
        Assert.True((await Assert.ThrowsAsync<ProgramException>(() => new ProgramRun("/nonexistent/program").RunAsync(_ct))).IsNotStarted);

    [Fact]
    public async Task Run_LongerThanThePatience_IsKilled()
    {
        var failed = await Assert.ThrowsAsync<ProgramException>(() => (Sleeping(1001) with { Patience = TimeSpan.FromMilliseconds(500) }).RunAsync(_ct));
        Assert.Contains("did not end within", failed.Message, StringComparison.Ordinal);
        await AssertGoneAsync(1001);
    }

    [Fact]
    public async Task Run_MoreOutputThanAnybodyReads_IsKilled()
    {
        var failed = await Assert.ThrowsAsync<ProgramException>(() => new ProgramRun("cat", "/dev/zero") { MostOutput = 1 << 16 }.RunAsync(_ct));
        Assert.Contains("printed more than 65536 characters", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_Cancelled_IsKilledAndSaysThat()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sleeping(1002).RunAsync(stop.Token));
        await AssertGoneAsync(1002);
    }

    // The seconds are its name.
    private static ProgramRun Sleeping(int seconds) => new("sleep", $"{seconds}.{Environment.ProcessId}");

    private static async Task AssertGoneAsync(int seconds)
    {
        var name = $"sleep\0{seconds}.{Environment.ProcessId}\0";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (Process.GetProcessesByName("sleep").Any(process => CommandLine(process.Id) == name))
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
    }

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // it ended
        }
    }
}
