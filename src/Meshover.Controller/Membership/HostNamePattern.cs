using System.Collections.Immutable;

namespace Meshover.Controller.Membership;

/// <summary>Which hostnames a join token admits: names in which <c>*</c> stands for any run of characters. Pure.</summary>
internal static class HostNamePattern
{
    public const int Most = 16;
    public const int Longest = 253;

    public static bool IsPattern(string text) => text.Length is > 0 and <= Longest && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '*');

    /// <summary>One of them is its pattern; without any, each name is good.</summary>
    public static bool Admits(ImmutableArray<string> patterns, string name) => patterns.IsDefaultOrEmpty || patterns.Any(pattern => Matches(pattern, name));

    /// <summary>O(length of the name) for each part of the pattern.</summary>
    private static bool Matches(string pattern, string name)
    {
        var parts = pattern.ToLowerInvariant().Split('*');
        if (parts.Length == 1)
            return name == parts[0];
        if (!name.StartsWith(parts[0], StringComparison.Ordinal) || !name.EndsWith(parts[^1], StringComparison.Ordinal) || name.Length < parts[0].Length + parts[^1].Length)
            return false;
        // What stands between two stars is found as early as it can be: later ones have the most room then.
        var rest = name[parts[0].Length..^parts[^1].Length];
        foreach (var part in parts[1..^1])
        {
            var at = rest.IndexOf(part, StringComparison.Ordinal);
            if (at < 0)
                return false;
            rest = rest[(at + part.Length)..];
        }
        return true;
    }
}
