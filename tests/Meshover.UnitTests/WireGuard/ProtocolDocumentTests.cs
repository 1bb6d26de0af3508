using System.Reflection;
using System.Runtime.CompilerServices;

namespace Meshover.UnitTests.WireGuard;

/// <summary><c>docs/wireguard-protocol.md</c> names a file and a test for each rule: they exist.</summary>
public sealed class ProtocolDocumentTests
{
    private const string LabMark = "*lab* ";

    public static TheoryData<string, string, string> Rules { get; } = [.. ReadRules()];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Rule_NamesAFileAndATestThatExist(string rule, string file, string test)
    {
        Assert.True(File.Exists(Path.Combine(Root(), "src/Meshover.WireGuard", file)), $"'{rule}': there is no {file}");
        Assert.True(test.StartsWith(LabMark, StringComparison.Ordinal) ? IsInLab(test[LabMark.Length..]) : IsHere(test), $"'{rule}': there is no test {test}");
    }

    [Fact]
    public void Document_HasItsTables() => Assert.True(Rules.Count > 50);

    private static bool IsHere(string test) => test.Split('.') is [var type, var method]
        && Assembly.GetExecutingAssembly().GetTypes().Any(candidate => candidate.Name == type && candidate.GetMethod(method) is { } found
            && found.GetCustomAttributes<FactAttribute>().Any());

    // Of the lab tests only the source is there.
    private static bool IsInLab(string test) => test.Split('.') is [var type, var method]
        && File.ReadAllText(Path.Combine(Root(), "tests/Meshover.LabTests/WireGuard", $"{type}.cs")).Contains($" {method}(", StringComparison.Ordinal);

    private static IEnumerable<(string Rule, string File, string Test)> ReadRules() =>
        from line in File.ReadLines(Path.Combine(Root(), "docs/wireguard-protocol.md"))
        where line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| Rule ", StringComparison.Ordinal)
        let cells = line.Trim('|').Split('|')
        select (cells[0].Trim(), cells[2].Trim(), cells[3].Trim());

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
}
