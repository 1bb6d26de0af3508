using System.Net;
using Meshover.Agent.Configuration;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Up;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class DesiredSettingsTests
{
    private static readonly RawSetting Announce = new("announce", ["10.1.0.0/16", "fd00:1::/64"], "--announce");
    private static readonly RawSetting Site = new("site", ["it's: here"], "--site");

    [Fact]
    public void Of_FirstUp_WritesTheFlags()
    {
        var settings = Of(null, null, Site, Announce);

        Assert.True(settings.IsChange);
        Assert.True(AgentYaml.IsOurs(settings.Yaml!));
        Assert.EndsWith("announce:\n  - '10.1.0.0/16'\n  - 'fd00:1::/64'\nsite: 'it''s: here'\n", settings.Yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WrittenFile_ReadsBackTheSame()
    {
        var written = Of(null, null, Site, Announce);

        var read = Of(written.Yaml, null);

        Assert.Equal(written.Config.Site, read.Config.Site);
        Assert.Equal(written.Config.Announce, read.Config.Announce);
        Assert.False(read.IsChange);
    }

    [Fact]
    public void Of_WordThatYamlTakesForNoValue_ReadsBackTheSame()
    {
        var written = Of(null, null, new RawSetting("site", ["null"], "--site"));

        Assert.Equal("null", Of(written.Yaml, null).Config.Site);
    }

    [Fact]
    public void Of_UpAgainWithOneFlag_KeepsTheOthers()
    {
        var settings = Of(Of(null, null, Site, Announce).Yaml, null, new RawSetting("site", ["there"], "--site"));

        Assert.Equal("there", settings.Config.Site);
        Assert.Equal(2, settings.Config.Announce.Length);
        Assert.True(settings.IsChange);
    }

    [Fact]
    public void Of_EmptyFlag_TakesTheSettingBack()
    {
        var settings = Of(Of(null, null, Site, Announce).Yaml, null, new RawSetting("announce", [""], "--announce"));

        Assert.Empty(settings.Config.Announce);
        Assert.DoesNotContain("announce", settings.Yaml!.Split('\n', 2)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_UpAfterDown_ComesBackWithTheLastSettings()
    {
        var last = Of(null, null, Announce).Yaml;

        var settings = Of(null, last);

        Assert.Equal([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00:1::/64")], settings.Config.Announce);
        Assert.True(settings.IsChange);
    }

    [Fact]
    public void Of_UsersOwnFile_IsReadAndLeftAlone()
    {
        var settings = Of("site: mine\n", "site: old\n");

        Assert.Null(settings.Yaml);
        Assert.False(settings.IsChange);
        Assert.Equal("mine", settings.Config.Site);
    }

    [Fact]
    public void Of_UsersOwnFileAndTheSameFlag_IsNoConflict() => Assert.Null(Of("site: \"it's: here\"\n", null, Site).Yaml);

    [Fact]
    public void Of_UsersOwnFileAndAnotherFlag_IsRefused()
    {
        var error = Assert.Throws<CliException>(() => Of("site: mine\n", null, Site));

        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.Contains("set \"site\" there", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsOurs_OneByteChanged_IsNot()
    {
        var yaml = Of(null, null, Site).Yaml!;

        Assert.True(AgentYaml.IsOurs(yaml));
        Assert.False(AgentYaml.IsOurs(yaml + "\n"));
        Assert.False(AgentYaml.IsOurs(yaml.Replace("here", "hers", StringComparison.Ordinal)));
        Assert.False(AgentYaml.IsOurs(""));
    }

    [Fact]
    public void Of_BadFlagAndBadFile_ReportsBoth()
    {
        var error = Assert.Throws<ConfigurationException>(() => Of("mtu: x\n", null, new RawSetting("listen-port", ["0"], "--listen-port")));

        Assert.Equal(2, error.Errors.Length);
    }

    private static DesiredSettings Of(string? file, string? last, params RawSetting[] flags) => DesiredSettings.Of("agent.yaml", file, last, [.. flags]);
}
