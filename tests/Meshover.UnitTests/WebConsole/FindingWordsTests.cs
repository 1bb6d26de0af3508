using Meshover.Console.Components;
using Meshover.Mesh.Findings;

namespace Meshover.UnitTests.WebConsole;

public sealed class FindingWordsTests
{
    [Fact]
    public void EachFindingOfTheCatalogue_IsToldInJapanese()
    {
        foreach (var kind in FindingKinds.All)
        {
            Assert.True(FindingWords.Of(kind.Code) is { Meaning.Length: > 0, Advice.Length: > 0 }, $"{kind.Code} has no Japanese words in FindingWords");
            // What is to be typed is the same in both languages.
            foreach (var command in kind.Advice.Split('`').Where((_, i) => i % 2 == 1))
                Assert.Contains(command, FindingWords.Of(kind.Code)!.Value.Advice, StringComparison.Ordinal);
        }
        Assert.Null(FindingWords.Of("of-a-newer-release"));
    }
}
