using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Meshover.Routing.Config;

/// <summary>A line of the rendered configuration that a file of the user's said.</summary>
/// <param name="Text">Without indentation.</param>
/// <param name="File">Its path.</param>
/// <param name="Line">In the file, counted from 1.</param>
public sealed partial record TemplateLine(string Text, string File, int Line)
{
    /// <summary>The line that FRR refuses; null where it is none of these.</summary>
    /// <param name="lines">As a rendering has them.</param>
    /// <param name="refusal">FRR's words, several parted by <c>;</c>, which end with the line (vtysh.c, vtysh_config_from_file).</param>
    public static TemplateLine? Find(ImmutableArray<TemplateLine> lines, string refusal)
    {
        var refused = Refused().Matches(refusal).Select(match => match.Groups["text"].Value.Trim()).ToList();
        return refused.Select(text => lines.FirstOrDefault(line => line.Text == text)).FirstOrDefault(line => line is not null);
    }

    [GeneratedRegex(@"\bline [0-9]+: [^;]*?(\]|, line): *(?<text>[^;]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Refused();
}
