using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class FrrFeaturesTests
{
    private static readonly FrrFiles Files = new(new RoutingOptions { FrrDirectory = "/run/meshover/frr" });

    [Theory]
    [InlineData("zebra version 8.4.4\nCopyright 1996-2005 Kunihiro Ishiguro, et al.", "8.4.4")]
    [InlineData("zebra version 10.3\nCopyright", "10.3")]
    [InlineData("zebra version 10.7.1-dev-gabcdef\n", "10.7.1")]
    [InlineData("zebra version 9.1-my-manual-build", "9.1")]
    [InlineData("zebra: command not found", null)]
    [InlineData("zebra version unknown", null)]
    public void Version_IsFoundInWhatZebraSays(string said, string? version) => Assert.Equal(version, FrrVersion.Find(said)?.ToString());

    [Theory]
    [InlineData(8, 4, 4, false, true, false, false)]
    [InlineData(9, 1, 0, false, true, false, false)]
    [InlineData(10, 0, 0, true, true, false, false)]
    [InlineData(10, 1, 2, true, true, true, false)]
    [InlineData(10, 2, 0, true, false, true, true)]
    [InlineData(10, 2, 2, true, false, true, true)]
    [InlineData(10, 2, 3, true, false, true, false)]
    [InlineData(10, 3, 0, true, false, true, true)]
    [InlineData(10, 3, 1, true, false, true, false)]
    [InlineData(10, 7, 1, true, false, true, false)]
    public void Features_OfARelease(int major, int minor, int patch, bool mgmtd, bool bfdctl, bool transport, bool waits)
    {
        var features = FrrFeatures.Of(new FrrVersion(major, minor, patch));
        Assert.Equal((mgmtd, bfdctl, transport, waits), (features.HasMgmtd, features.HasBfdctl, features.NamesRpkiTransport, features.WaitsForBfd));
        Assert.Null(features.Doubt);
    }

    [Theory]
    [InlineData("zebra version 8.3.1", "8.3.1 is too old")]
    [InlineData("zebra version 7.5", "7.5 is too old")]
    [InlineData("zebra version 10.8", "10.8 is newer")]
    [InlineData("zebra version 11.0.1", "11.0.1 is newer")]
    [InlineData("zebra of my own", "does not report its version")]
    public void Release_ThatIsNotKnown_IsSaid(string said, string doubt) =>
        Assert.Contains(doubt, FrrFeatures.Of(FrrVersion.Find(said)).Doubt, StringComparison.Ordinal);

    [Fact]
    public void Daemons_BeforeFrr10_AreThreeAndKnowNothingOfMgmtd()
    {
        var features = FrrFeatures.Of(new FrrVersion(8, 4, 4));
        Assert.Equal(["zebra", "bfdd", "bgpd"], FrrDaemon.Of(features).Select(d => d.Name));
        Assert.All(FrrDaemon.Of(features), d => Assert.DoesNotContain("-N", d.Arguments(Files, FrrConfig.Empty, features)));
        Assert.Contains("--bfdctl", FrrDaemon.Bfdd.Arguments(Files, FrrConfig.Empty, features));
        Assert.Equal("text", FrrDaemon.Zebra.FileText(new FrrConfig("text", "", ""), features));
    }

    [Fact]
    public void Daemons_FromFrr10On_StartWithMgmtdWhichIsToldNoFile()
    {
        var features = FrrFeatures.Of(new FrrVersion(10, 3));
        Assert.Equal(["mgmtd", "zebra", "bfdd", "bgpd"], FrrDaemon.Of(features).Select(d => d.Name));
        Assert.All(FrrDaemon.Of(features), d => Assert.Contains("run-meshover-frr", d.Arguments(Files, FrrConfig.Empty, features)));
        Assert.DoesNotContain("-f", FrrDaemon.Mgmtd.Arguments(Files, FrrConfig.Empty, features));
        Assert.DoesNotContain("--bfdctl", FrrDaemon.Bfdd.Arguments(Files, FrrConfig.Empty, features));
        Assert.Equal("frr defaults datacenter\n", FrrDaemon.Zebra.FileText(new FrrConfig("text", "", ""), features));
    }

    [Fact]
    public void GracefulRestart_IsGivenInOneWord_AsLaterReleasesReadTwoAsNone() =>
        Assert.Contains("--graceful_restart=30", FrrDaemon.Zebra.Arguments(Files, FrrConfig.Empty, FrrFeatures.Of(null)));
}
