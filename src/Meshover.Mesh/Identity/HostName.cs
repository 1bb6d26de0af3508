using System.Diagnostics.CodeAnalysis;

namespace Meshover.Mesh.Identity;

/// <summary>A node's name: lower case, one or more RFC 1123 labels, 253 characters at most, not a number.</summary>
public static class HostName
{
    /// <summary>What the mesh's names end in in DNS, unless a node is set otherwise (dns-zone).</summary>
    public const string DefaultZone = "mesh";

    private const int MaxLength = 253;
    private const int MaxLabel = 63;

    /// <param name="text">As the machine or its operator says it; upper case and one final dot are forgiven.</param>
    /// <param name="name">Normalised.</param>
    /// <param name="error">One sentence: what is wrong and what to do.</param>
    public static bool TryNormalise(string? text, [NotNullWhen(true)] out string? name, [NotNullWhen(false)] out string? error)
    {
        name = null;
        error = null;
        var lower = Normal(text);
        var reason = WhyNot(lower);
        if (reason is null)
            name = lower;
        else
            error = $"The hostname \"{text}\" {reason}. Choose another with --hostname (letters, digits, hyphens and dots; RFC 1123).";
        return reason is null;
    }

    /// <returns>What is wrong with it as a name, to be put after it; null: nothing.</returns>
    public static string? WhyNone(string text) => WhyNot(Normal(text));

    /// <summary>Lower case, without a final dot; it may be no name.</summary>
    public static string Normal(string? text)
    {
        var lower = (text ?? "").Trim().ToLowerInvariant();
        if (lower.EndsWith('.'))
            lower = lower[..^1];
        return lower;
    }

    /// <summary>A normal name without the zone at its end, which is not put there twice: both are one name in DNS, as far as nodes have the default zone.</summary>
    public static string WithoutZone(string name) => name.EndsWith($".{DefaultZone}", StringComparison.Ordinal) ? name[..^(DefaultZone.Length + 1)] : name;

    /// <summary>Of a normal name the other that is the same in DNS: without the zone at its end, or with it where it has none. Null: there is none, as <c>db.mesh.mesh</c> is no name of <c>db.mesh</c>'s.</summary>
    public static string? OtherSpelling(string name) => WithoutZone(name) switch
    {
        var bare when bare == name => $"{name}.{DefaultZone}",
        var bare => WithoutZone(bare) == bare ? bare : null,
    };

    private static string? WhyNot(string name)
    {
        if (name.Length == 0)
            return "is empty";
        if (name.Length > MaxLength)
            return $"is longer than {MaxLength} characters";
        if (name is "localhost" or "localhost.localdomain")
            return "says nothing about the machine";
        var labels = name.Split('.');
        // A name that ends in a number would be read as an IPv4 address (RFC 1123, section 2.1; WHATWG URL).
        return labels.Select(WhyNotLabel).FirstOrDefault(reason => reason is not null)
            ?? (labels[^1].All(char.IsAsciiDigit) ? "looks like a number or an address" : null);
    }

    private static string? WhyNotLabel(string label) => label switch
    {
        "" => "has an empty label (two dots in a row, or one at its start)",
        { Length: > MaxLabel } => $"has a label of more than {MaxLabel} characters",
        _ when label[0] == '-' || label[^1] == '-' => "has a label that begins or ends with a hyphen",
        _ when !label.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-') => "has characters that a hostname cannot have",
        _ => null,
    };
}
