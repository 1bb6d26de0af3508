using Meshover.Cli.CommandLine;
using Meshover.Cli.Up;
using Meshover.Mesh.Trust;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class JoinSourceTests : IDisposable
{
    private static readonly string Join = new JoinString { Controllers = ["192.0.2.1:12913"], CaPins = [new string('A', 43)], Token = "t" }.ToString();

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_Argument_IsTheStringItself() => Assert.Equal("t", JoinSource.Read(Join, null, TextReader.Null, CancellationToken.None)?.Token);

    [Fact]
    public void Read_AtFile_ReadsTheFile()
    {
        File.WriteAllText(_path, $"  {Join}\n");

        Assert.Equal("t", JoinSource.Read($"@{_path}", null, TextReader.Null, CancellationToken.None)?.Token);
    }

    [Fact]
    public void Read_Dash_ReadsStdin() => Assert.Equal("t", JoinSource.Read("-", null, new StringReader($"{Join}\n"), CancellationToken.None)?.Token);

    [Fact]
    public void Read_Variable_IsUsedWithoutAnArgument() => Assert.Equal("t", JoinSource.Read(null, Join, TextReader.Null, CancellationToken.None)?.Token);

    [Fact]
    public void Read_ArgumentAndVariable_TakesTheArgument() => Assert.Equal("t", JoinSource.Read(Join, "nonsense", TextReader.Null, CancellationToken.None)?.Token);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void Read_Nothing_IsNull(string? variable) => Assert.Null(JoinSource.Read(null, variable, TextReader.Null, CancellationToken.None));

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "not a join string")]
    [InlineData("mo1.AAAA", "damaged")]
    [InlineData("mo9.AAAA", "Upgrade meshover")]
    [InlineData("@/nonexistent/join", "/nonexistent/join")]
    public void Read_Wrong_IsAUsageErrorWithAReason(string argument, string expected)
    {
        var error = Assert.Throws<CliException>(() => JoinSource.Read(argument, null, TextReader.Null, CancellationToken.None));

        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
