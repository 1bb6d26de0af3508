using Meshover.Cli.Daemons;

namespace Meshover.UnitTests.Cli;

public sealed class EngineBuildTests
{
    private const string Level3 = "abm avx avx2 bmi1 bmi2 f16c fma movbe";
    private const string Level4 = $"{Level3} avx512bw avx512cd avx512dq avx512f avx512vl";

    [Theory]
    [InlineData(Level4, "v4 v3")]
    [InlineData(Level3, "v3")]
    [InlineData($"{Level3} avx512f avx512cd", "v3")] // Knights Landing: AVX-512 without what level 4 asks for
    [InlineData("sse4_2 avx", "")]
    [InlineData("", "")]
    public void LevelsOf_Features_OnlyWholeLevelsTheBestFirst(string features, string levels) =>
        Assert.Equal(levels, string.Join(' ', EngineBuild.LevelsOf(["processor\t: 0", $"flags\t\t: fpu {features} sse", "bugs\t\t: none"])));

    [Fact]
    public void LevelsOf_NoFlags_None() => Assert.Empty(EngineBuild.LevelsOf(["processor\t: 0", "Features\t: fp asimd"]));
}
