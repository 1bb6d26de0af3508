using Meshover.Cli.Daemons;
using Meshover.WireGuard.Control;

namespace Meshover.UnitTests.Cli;

public sealed class EngineBuildTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-build-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void WhyNot_ABuildThatStarts_Null() => Assert.Null(EngineBuild.WhyNot(Script("[ \"$*\" = 'dataplane --probe' ]")));

    [Fact]
    public void WhyNot_ABuildForAnotherProcessor_SaysWhatItSays() =>
        Assert.Equal("no AVX-512 here", EngineBuild.WhyNot(Script("echo no AVX-512 here >&2; exit 1")));

    [Fact]
    public void WhyNot_ABuildThatDiesOfAnInstruction_SaysHowItEnded() => Assert.Equal("it exited with status 132", EngineBuild.WhyNot(Script("kill -ILL $$")));

    [Fact]
    public void WhyNot_NoProgramAtAll_SaysSo() => Assert.NotNull(EngineBuild.WhyNot(Path.Combine(_directory, "none")));

    [Theory]
    [InlineData("v1", "v4 v3", "v4")]
    [InlineData("v3", "v4 v3", "v4")]
    [InlineData("v4", "v4 v3", null)]
    [InlineData("v1", "", null)]
    public void Better_ABuildThatTheProcessorCouldRun_IsNamed(string build, string possible, string? better)
    {
        var info = new BuildInfo { Build = build, Cipher = "openssl", Possible = [.. possible.Split(' ', StringSplitOptions.RemoveEmptyEntries)] };

        Assert.Equal(better, info.Better());
        Assert.Equal(better is not null, info.Describe().Contains("could run build v4", StringComparison.Ordinal));
    }

    private string Script(string body)
    {
        var path = Path.Combine(_directory, "meshover-dataplane.v4");
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
