using Meshover.Cli.CommandLine;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class GlobalOptionsTests
{
    [Theory]
    [InlineData("--state-dir")]
    [InlineData("--run-dir")]
    [InlineData("--config")]
    public void Parse_EmptyPath_IsRefused(string option) =>
        Assert.Equal($"{option} takes a path.", Assert.Single(FullRoot.Create().Parse(["status", option, ""]).Errors).Message);

    [Theory]
    [InlineData("--run-dir", 92, true)]
    [InlineData("--run-dir", 93, false)]
    [InlineData("--uapi-dir", 92, true)]
    [InlineData("--uapi-dir", 93, false)]
    public void Parse_DirectoryOfSockets_IsAsLongAsTheirPathsMayBe(string option, int length, bool isRight)
    {
        var errors = FullRoot.Create().Parse(["status", option, "/" + new string('d', length - 1)]).Errors;

        Assert.Equal(isRight, errors.Count == 0);
        Assert.All(errors, error => Assert.StartsWith($"{option} is too long", error.Message, StringComparison.Ordinal));
    }
}
