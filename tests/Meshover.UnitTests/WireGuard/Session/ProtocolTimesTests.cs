using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>The numbers of the WireGuard paper, section 6.1, and of Linux where the paper names none.</summary>
public sealed class ProtocolTimesTests
{
    private readonly ProtocolTimes _times = new();

    [Fact]
    public void Defaults_AreTheConstantsOfThePaper()
    {
        Assert.Equal(1UL << 60, _times.RekeyAfterMessages);
        Assert.Equal(unchecked(0UL - (1UL << 13) - 1), _times.RejectAfterMessages);
        Assert.Equal(120_000, _times.RekeyAfterTime);
        Assert.Equal(180_000, _times.RejectAfterTime);
        Assert.Equal(90_000, _times.RekeyAttemptTime);
        Assert.Equal(5_000, _times.RekeyTimeout);
        Assert.Equal(10_000, _times.KeepaliveTimeout);
    }

    [Fact]
    public void Defaults_WhereThePaperNamesNoNumber_AreThoseOfLinux()
    {
        Assert.InRange(_times.RekeyTimeoutJitterMax, 333, 334); // a third of a second
        Assert.Equal(1_000 / 50, _times.MinimumInitiationInterval);
        Assert.Equal(120_000, _times.CookieRefreshTime);
        Assert.Equal(165_000, _times.RekeyAfterTimeReceiving);
        Assert.Equal(18, _times.MaxHandshakeAttempts);
        Assert.Equal(128, StagedPackets.Capacity);
    }
}
