using System.Globalization;
using Meshover.Routing.Backends;

namespace Meshover.Routing.Supervision;

/// <summary>The user as which FRR's daemons run.</summary>
public static class FrrUser
{
    public const string Passwords = "/etc/passwd";

    /// <summary>Its number; null where there is none.</summary>
    /// <param name="file">passwd(5).</param>
    public static uint? Find(string file = Passwords) => FindOwner(file) is { User: var user } ? uint.Parse(user, CultureInfo.InvariantCulture) : null;

    /// <summary>Its number and its group's; null where there is no such user.</summary>
    /// <param name="file">passwd(5).</param>
    internal static FrrOwner? FindOwner(string file)
    {
        if (!File.Exists(file)) return null;
        var fields = File.ReadLines(file).Select(line => line.Split(':')).FirstOrDefault(line => line is ["frr", _, _, _, ..]);
        return fields is not null && IsNumber(fields[2]) && IsNumber(fields[3]) ? new FrrOwner(fields[2], fields[3]) : null;
    }

    private static bool IsNumber(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
