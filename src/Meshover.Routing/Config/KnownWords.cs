using System.Text.RegularExpressions;

namespace Meshover.Routing.Config;

/// <summary>Whether lines say nothing but what FRR has taken already, with other numbers: a cost, a neighbour's profile.</summary>
internal static partial class KnownWords
{
    /// <param name="script">Lines to come.</param>
    /// <param name="running">A configuration that FRR has taken.</param>
    public static bool Cover(string script, string running)
    {
        var known = ConfigLines.Parse(running).Select(WithoutNumbers).ToHashSet();
        return ConfigLines.Parse(script).TrueForAll(line => known.Contains(WithoutNumbers(line)));
    }

    private static ConfigLine WithoutNumbers(ConfigLine line) => new(WithoutNumbers(line.Context), WithoutNumbers(line.Text));

    /// <summary>MO-OUT-84 is one of the MO-OUTs, mo-0000000e one of the links.</summary>
    private static string WithoutNumbers(string text) => Number().Replace(Suffix().Replace(text, ""), "#");

    [GeneratedRegex(@"-([0-9]+|[0-9a-f]{8})\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Suffix();

    [GeneratedRegex("[0-9]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
