using Meshover.Agent.Reporting;
using Meshover.Routing.Supervision;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class SessionFallsTests
{
    private readonly SessionFalls _falls = new();

    [Fact]
    public void Of_SessionThatIsGoneOrYounger_IsFallenOnce()
    {
        Assert.Empty(_falls.Of([Session("mo-1", 5_000), Session("mo-2", 5_000), Session("mo-3", 5_000), Session("mo-4", 100, "Active")]));
        Assert.Equal(["mo-1", "mo-2", "mo-3"], _falls.Of([Session("mo-1", 1_000), Session("mo-2", 3_000, "Active"), Session("mo-4", 3_000)]).Order(StringComparer.Ordinal));
        Assert.Empty(_falls.Of([Session("mo-1", 6_000), Session("mo-2", 8_000, "Connect"), Session("mo-4", 8_000)]));
    }

    [Fact]
    public void Of_TheSameAnswerAgain_IsNone()
    {
        Assert.Empty(_falls.Of([Session("mo-1", 5_000)]));
        Assert.Empty(_falls.Of([Session("mo-1", 5_000)]));
    }

    private static NeighborStatus Session(string link, long uptime, string state = "Established") =>
        new() { Interface = link, BgpState = state, PrefixesReceived = 4, UptimeMs = uptime, BfdUp = state == "Established" };
}
