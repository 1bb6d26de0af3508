using Meshover.Cli.Hosting;
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
}
