using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Meshover.Routing.Supervision;

/// <summary>A release of FRR, such as 8.4.4 or 10.3 (whose third number is 0).</summary>
[StructLayout(LayoutKind.Auto)]
public readonly partial record struct FrrVersion(int Major, int Minor, int Patch = 0) : IComparable<FrrVersion>
{
    /// <summary>Reads what <c>zebra -v</c> prints, such as <c>zebra version 10.3-dev</c>. Null where there is no version in it.</summary>
    public static FrrVersion? Find(string said)
    {
        if (Number().Match(said) is not { Success: true } match) return null;
        return new FrrVersion(Part(match, "major"), Part(match, "minor"), match.Groups["patch"].Success ? Part(match, "patch") : 0);
    }

    public static bool operator <(FrrVersion left, FrrVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(FrrVersion left, FrrVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(FrrVersion left, FrrVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FrrVersion left, FrrVersion right) => left.CompareTo(right) >= 0;

    /// <summary>The first release that is not a patch of this one.</summary>
    public FrrVersion Next => new(Major, Minor + 1);

    public int CompareTo(FrrVersion other) => (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    public override string ToString() =>
        Patch == 0 ? string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}") : string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}.{Patch}");

    private static int Part(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\bversion (?<major>\d{1,4})\.(?<minor>\d{1,4})(\.(?<patch>\d{1,4}))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
