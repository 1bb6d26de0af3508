using System.Collections.Immutable;
using System.CommandLine;
using Meshover.Agent.Configuration;
using Meshover.Cli.CommandLine;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class SettingOptionsTests
{
    [Fact]
    public void Read_NothingGiven_IsNothing() => Assert.Empty(Read());

    [Fact]
    public void Read_EveryFlag_HasTheNameOfItsSetting()
    {
        var settings = Read([.. AgentSettings.All.SelectMany(s => new[] { $"--{s.Name}", "x" })]);

        Assert.Equal(AgentSettings.All.Select(s => s.Name), settings.Select(s => s.Name));
        Assert.All(settings, s => Assert.Equal($"--{s.Name}", s.Where));
    }

    [Theory]
    [InlineData("--announce", "a", "--announce", "b")]
    [InlineData("--announce", "a,b")]
    [InlineData("--announce", "a, b")]
    public void Read_List_IsRepeatedOrHasCommas(params string[] arguments) => Assert.Equal(["a", "b"], Assert.Single(Read(arguments)).Values);

    [Fact]
    public void Read_SingleValue_KeepsItsComma() => Assert.Equal(["a,b"], Assert.Single(Read("--site", "a,b")).Values);

    [Fact]
    public void Read_Mapping_KeepsItsCommas() => Assert.Equal(["{a: 1, b: 2}", "{a: 3}"], Assert.Single(Read("--neighbors", "{a: 1, b: 2}", "--neighbors", "{a: 3}")).Values);

    [Fact]
    public void Read_EmptyText_IsThere() => Assert.Equal([""], Assert.Single(Read("--announce", "")).Values);

    [Fact]
    public void ToArguments_ReadAgain_IsTheSame()
    {
        var settings = Read("--announce", "a,b", "--site", "c d");

        Assert.Equal(settings.SelectMany(s => s.Values), Read([.. SettingOptions.ToArguments(settings)]).SelectMany(s => s.Values));
    }

    private static ImmutableArray<RawSetting> Read(params string[] arguments)
    {
        var options = new SettingOptions();
        var root = new RootCommand();
        options.AddTo(root);
        var parsed = root.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return options.Read(parsed);
    }
}
