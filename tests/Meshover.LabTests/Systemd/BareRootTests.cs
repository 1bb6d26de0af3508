namespace Meshover.LabTests.Systemd;

/// <summary>The README's commands for real machines, each of them, on a bare Debian 12 (FRR 8.4) and 13 (FRR 10.3).</summary>
[Collection(SystemdTests.Collection)]
public sealed class BareRootTests
{
    [Fact]
    public Task Readme_OnBareDebians_InstallsJoinsUpgradesAndLeavesNothing() => new BareLife(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken).RunAsync();

    [Fact]
    public void Readme_InJapanese_ShowsTheSameCommands() => Assert.Equal(ReadmeCommands.English.All, ReadmeCommands.Japanese.All);
}
