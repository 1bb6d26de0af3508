using System.Text.RegularExpressions;

namespace Meshover.Routing.Vtysh;

/// <summary>Passwords in FRR's configuration, which nobody is to read in a log, in <c>status</c>, or in what is printed.</summary>
public static partial class Secrets
{
    /// <summary>The same with <c>***</c> for each password.</summary>
    public static string Hide(string text) => Password().Replace(text, "password ***");

    [GeneratedRegex(@"\bpassword \S+", RegexOptions.NonBacktracking)]
    private static partial Regex Password();
}
