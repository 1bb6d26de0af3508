using System.Globalization;

namespace Meshover.Routing.Supervision;

/// <summary>The user as which FRR's daemons run.</summary>
public static class FrrUser
{
    private const string Passwords = "/etc/passwd";

    /// <summary>Its number; null where there is none.</summary>
    /// <param name="file">passwd(5).</param>
    public static uint? Find(string file = Passwords)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!File.Exists(file)) return null;
        var fields = File.ReadLines(file).Select(line => line.Split(':')).FirstOrDefault(line => line is ["frr", _, _, ..]);
        return fields is not null && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;
    }
}
