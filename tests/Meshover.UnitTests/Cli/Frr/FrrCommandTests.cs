using Meshover.Cli.CommandLine;
using Meshover.Cli.Frr;
using Meshover.Routing.Config;

namespace Meshover.UnitTests.Cli.Frr;

public sealed class FrrCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-frr-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("render")]
    [InlineData("diff")]
    [InlineData("check")]
    public void Directory_ThatIsNotThere_IsRefusedBeforeAnythingIsAsked(string command) =>
        Assert.Equal("/nowhere is no directory: name the one that the templates are in.", Assert.Single(FullRoot.Create().Parse(["frr", command, "/nowhere"]).Errors).Message);

    [Fact]
    public void Render_OfADaemonThatThereIsNot_IsRefused() => Assert.Single(FullRoot.Create().Parse(["frr", "render", "--daemon", "ospfd"]).Errors);

    [Fact]
    public async Task TryAsk_NoAgent_IsNothing() =>
        Assert.Null(await new FrrSource(Path.Combine(_directory, "agent.sock"), TimeProvider.System).TryAskAsync(_directory, TestContext.Current.CancellationToken));

    [Fact]
    public void Example_OfASnippet_HasItsLinesAndWhereTheyAreSaid()
    {
        File.WriteAllText(Path.Combine(_directory, "10-x.bgp.liquid"), "\nbgp dampening\n");
        var answer = FrrSource.Example(_directory);
        Assert.Contains("\n bgp dampening\n", RenderDocument.Of(answer).TextOf("bgpd"), StringComparison.Ordinal);
        Assert.Equal(new TemplateLine("bgp dampening", Path.Combine(_directory, "10-x.bgp.liquid"), 2), Assert.Single(answer.Lines));
    }

    [Fact]
    public void Example_OfATemplateWithAnError_IsTheErrorAndNothingElse()
    {
        File.WriteAllText(Path.Combine(_directory, "10-x.bgp.liquid"), "{{ no_such_value }}");
        var answer = FrrSource.Example(_directory);
        Assert.StartsWith($"{_directory}/10-x.bgp.liquid(1,", answer.Error, StringComparison.Ordinal);
        Assert.Equal(answer.Error, Assert.Throws<CliException>(() => RenderDocument.Of(answer)).Message);
        Assert.Throws<CliException>(() => DiffDocument.Of(answer));
    }

    [Fact]
    public void Diff_BetweenWhatRunsAndWhatIsRendered_IsWhatFrrWouldBeTold()
    {
        var running = new FrrConfig("hostname n1\n", "router bgp 1\n neighbor MESH bfd\nexit\n", "");
        var answer = new FrrAnswer { Running = running, Rendered = running with { Bgpd = "router bgp 1\n bgp dampening\nexit\n" } };
        Assert.Equal(
            "! bgpd: what goes\nrouter bgp 1\n no neighbor MESH bfd\nexit\n! bgpd: what comes\nrouter bgp 1\n bgp dampening\nexit\n", DiffDocument.Of(answer).Describe());
        Assert.Empty(DiffDocument.Of(answer with { Rendered = running }).Daemons);
        Assert.Equal(["zebra", "bgpd"], DiffDocument.Of(answer with { Running = null }).Daemons.Select(daemon => daemon.Daemon));
    }

    [Fact]
    public void Diff_WhatRunsIsNotKnown_SaysWhy() => Assert.Contains(
        "it does not answer", Assert.Throws<CliException>(() => DiffDocument.Of(new FrrAnswer { RunningUnknown = "it does not answer" })).Message, StringComparison.Ordinal);
}
