using System.Text.RegularExpressions;

namespace Meshover.Routing.Config;

/// <summary>
/// Whether a difference is of links' costs and profiles of BFD alone, in the words of the built-in template, of which FRR has taken such already: route-maps that are called by a cost, and which of them, and which profile,
/// a neighbour has. All else is to be checked first, be it a number: a user's may be out of range.
/// </summary>
internal static partial class KnownWords
{
    /// <param name="difference">What is to come and to go; lines that open the context of others are those that it has.</param>
    /// <param name="running">A configuration that FRR has taken.</param>
    public static bool Cover(ConfigDifference difference, string running)
    {
        var lines = ConfigLines.Parse(running);
        var (said, known) = (lines.ToHashSet(), lines.Select(WithoutCosts).ToHashSet());
        return ConfigLines.Parse(difference.Additions).TrueForAll(line => said.Contains(line) || (IsOfCosts(line) && known.Contains(WithoutCosts(line))))
            && ConfigLines.Parse(difference.Removals).Concat(ConfigLines.Parse(difference.Leftovers)).All(line => said.Contains(line) || (line.Words is ["no", ..] && IsOfCosts(line with { Text = line.Text[3..] })));
    }

    private static bool IsOfCosts(ConfigLine line) =>
        line.Words is ["neighbor", _, "route-map", _, _] or ["neighbor", _, "bfd", "profile", _] ? OwnLink().IsMatch(line.Words[1]) : OwnMap().IsMatch(line.Inner);

    private static ConfigLine WithoutCosts(ConfigLine line) => new(WithoutCosts(line.Context), WithoutCosts(line.Text));

    /// <summary>MO-OUT-84 is one of the MO-OUTs, mo-0000000e one of the links.</summary>
    private static string WithoutCosts(string text) => Cost().Replace(Named().Replace(text, ""), "+#");

    [GeneratedRegex(@"(?<=\bMO-[A-Z0-9-]+)-[0-9]+\b|(?<=\bmo)-[0-9a-f]{8}\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Named();

    [GeneratedRegex(@"(?<=^set metric )\+[0-9]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Cost();

    [GeneratedRegex("^route-map MO-(IN|OUT)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OwnMap();

    [GeneratedRegex("^mo-[0-9a-f]{8}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OwnLink();
}
