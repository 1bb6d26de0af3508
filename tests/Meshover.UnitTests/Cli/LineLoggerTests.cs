using Meshover.Telemetry.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class LineLoggerTests
{
    [Theory]
    [InlineData(true, "<4>Frr: refused: | % Unknown command | System.InvalidOperationException: why\n")]
    [InlineData(false, "2000-01-01T00:00:00.000Z warn  Frr: refused: | % Unknown command | System.InvalidOperationException: why\n")]
    public void Log_SeveralLines_AreOne(bool forJournal, string expected)
    {
        using var output = new StringWriter();
        using var provider = new LineLoggerProvider(output, forJournal, new FakeTimeProvider());
        ILogger logger = provider.CreateLogger("Meshover.Frr");

        logger.Log(LogLevel.Warning, 0, "refused:\n% Unknown command", new InvalidOperationException("why"), (text, _) => text);

        Assert.Equal(expected, output.ToString());
    }

    [Fact]
    public void Log_OfAnEvent_BeginsWithItsId()
    {
        using var output = new StringWriter();
        using var provider = new LineLoggerProvider(output, forJournal: true, new FakeTimeProvider());
        provider.CreateLogger("Meshover.Names.NamesDaemon").Log(LogLevel.Information, new EventId(7, "LogListening"), "Answering", null, (text, _) => text);
        Assert.Equal("<6>NamesDaemon.Listening: Answering\n", output.ToString());
    }

    [Fact]
    public void Log_OfTheSameEventAgainAndAgain_IsWrittenFirstAndThenCounted()
    {
        var time = new FakeTimeProvider();
        using var output = new StringWriter();
        using var provider = new LineLoggerProvider(output, forJournal: true, time);
        var logger = provider.CreateLogger("Meshover.Frr");
        for (var n = 0; n < 1_000; n++)
            logger.Log(LogLevel.Warning, new EventId(1, "LogDied"), $"died {n}", null, (text, _) => text);
        logger.Log(LogLevel.Information, new EventId(2, "LogOther"), "another", null, (text, _) => text);
        var lines = Lines(output);
        Assert.Equal(EventGate.AtOnce + 1, lines.Length);
        Assert.Equal("<6>Frr.Other: another", lines[^1]);

        time.Advance(EventGate.Window);
        Assert.Equal("<4>Frr.Died: 980 more of these were not written", Lines(output)[^1]);
        logger.Log(LogLevel.Warning, new EventId(1, "LogDied"), "died again", null, (text, _) => text);
        Assert.Equal("<4>Frr.Died: died again", Lines(output)[^1]);
        time.Advance(EventGate.Window * 3);
        Assert.Equal("<4>Frr.Died: died again", Lines(output)[^1]);
    }

    [Fact]
    public void Log_ForWhoLooksForAFault_IsNotBounded()
    {
        using var output = new StringWriter();
        using var provider = new LineLoggerProvider(output, forJournal: true, new FakeTimeProvider(), isBounded: false);
        for (var n = 0; n < 100; n++)
            provider.CreateLogger("Meshover.Frr").Log(LogLevel.Warning, new EventId(1, "LogDied"), "died", null, (text, _) => text);
        Assert.Equal(100, Lines(output).Length);
    }

    private static string[] Lines(StringWriter output) => output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
