using Meshover.Agent.Trust;
using Meshover.Cli.Hosting;
using Meshover.Cli.Up;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class EnrolmentSettingsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-settings").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Controllers_NamedInTheFile_AreThose()
    {
        File.WriteAllText(Paths.ConfigFile, "controller: ctl.example.net\n");

        Assert.Equal(["ctl.example.net:12913"], EnrolmentSettings.Controllers(Paths));
    }

    [Fact]
    public void Controllers_OfANodeThatIsDown_AreThoseOfTheLastUp()
    {
        new IdentityStore(_directory).Save(IdentityFactory.Create("n1", TimeProvider.System) with { Settings = "controller: 192.0.2.1:1\n" });

        Assert.Equal(["192.0.2.1:1"], EnrolmentSettings.Controllers(Paths));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("controller: [unclosed\n")]
    public void Controllers_NoFileOrAnUnusableOne_AreNone(string? file)
    {
        if (file is not null)
            File.WriteAllText(Paths.ConfigFile, file);

        Assert.Empty(EnrolmentSettings.Controllers(Paths));
    }

    private NodePaths Paths => new() { StateDirectory = _directory, ConfigFile = Path.Combine(_directory, "agent.yaml") };
}
