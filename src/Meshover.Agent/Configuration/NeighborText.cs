using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Configuration;

/// <summary>
/// Reads single values of a neighbour. Each throws <see cref="FormatException"/> with what is wrong and what to write. What passes here FRR
/// takes: a line that only its daemon refuses would cost a start of FRR.
/// </summary>
internal static partial class NeighborText
{
    private const int MaxPassword = 80;   // TCP_MD5SIG_MAXKEYLEN
    private const int MaxAsPath = 200;
    private const uint Transition = 23456; // RFC 6793
    private static readonly ImmutableArray<(string, bool)> BooleanNames = [("true", true), ("false", false)];

    public static bool Boolean(string text) => SettingText.Choice(text, BooleanNames);

    public static IPAddress Address(string text) =>
        IPAddress.TryParse(text, out var address) && !text.Contains('%', StringComparison.Ordinal) && IsUnicast(address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || text == address.ToString())
            ? address
            : throw new FormatException($"\"{text}\" is not the address of a router; write it like 192.0.2.1, 2001:db8::1 or, with interface, fe80::1.");

    public static string Interface(string text) => FrrWord().IsMatch(SettingText.InterfaceName(text))
        ? text
        : throw new FormatException($"\"{text}\" has a character that FRR's configuration cannot carry; name an interface of letters, digits, '.', '-' and '_'.");

    public static string Source(string text) =>
        text.Contains(':', StringComparison.Ordinal) || IPAddress.TryParse(text, out _) ? Address(text).ToString() : Interface(text);

    public static Asn AsNumber(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asn) && asn is not (0 or Transition or 65535 or uint.MaxValue)
            ? new Asn(asn)
            : throw new FormatException($"\"{text}\" is not an AS number; write one from 1 to 4294967294 (not 23456 or 65535, which are reserved).");

    public static string Password(string text) => text.Length <= MaxPassword && text.All(c => c is > ' ' and <= '~' and not '?')
        ? text
        : throw new FormatException($"it has more than {MaxPassword} characters, or one that FRR cannot carry (a space, '?' or anything beyond ASCII); choose another.");

    public static int Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"\"{text}\" is not a number from {least} to {most}.");

    public static Community Community(string text) =>
        text.Split(':') is [var high, var low] && TryHalf(high, out var first) && TryHalf(low, out var second)
            ? new Community(first, second)
            : throw new FormatException($"\"{text}\" is not a community; write two numbers up to 65535, like 64512:100.");

    /// <summary><c>10.0.0.0/8</c>, <c>10.0.0.0/8 le 24</c>, <c>10.0.0.0/8 ge 16 le 24</c>.</summary>
    public static PrefixRange Range(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!Prefixes.TryParse(words.FirstOrDefault(), out var prefix, out var error))
            throw new FormatException($"{error}.");
        var bits = prefix.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        int Length(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : -1;
        var range = words[1..] switch
        {
            [] => new PrefixRange(prefix, prefix.PrefixLength, prefix.PrefixLength),
            ["le", var most] => new PrefixRange(prefix, prefix.PrefixLength, Length(most)),
            ["ge", var least] => new PrefixRange(prefix, Length(least), bits),
            ["ge", var least, "le", var most] => new PrefixRange(prefix, Length(least), Length(most)),
            _ => new PrefixRange(prefix, -1, -1),
        };
        return range.Least >= prefix.PrefixLength && range.Most >= range.Least && range.Most <= bits
            ? range
            : throw new FormatException($"\"{text}\" is not a range of prefixes; write it like 10.0.0.0/8 ge 16 le 24, with {prefix.PrefixLength} <= ge <= le <= {bits}.");
    }

    /// <summary>
    /// POSIX's extended expressions (regex(7)) without braces and classes. .NET's parser finds brackets that do not match; what POSIX refuses
    /// beyond that is a repetition of nothing.
    /// </summary>
    public static string AsPath(string text)
    {
        if (text.Length is 0 or > MaxAsPath || !AsPathCharacters().IsMatch(text) || RepeatedNothing().IsMatch(text) || !IsRegex(text))
            throw new FormatException($"\"{text}\" is not a regular expression over AS paths; write it like ^64512_ or _65001$, of digits and _^$.*+?|()[]- alone.");
        return text;
    }

    private static bool IsRegex(string text)
    {
        try
        {
            _ = new Regex(text, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool TryHalf(string text, out ushort value) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool IsUnicast(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6
        ? !address.IsIPv6Multicast && !address.Equals(IPAddress.IPv6Any) && !address.IsIPv4MappedToIPv6
        : address.GetAddressBytes()[0] is > 0 and < 224;

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FrrWord();

    [GeneratedRegex(@"\A[0-9_^$.*+?|()\[\]-]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AsPathCharacters();

    [GeneratedRegex(@"(\A|[\^$(|*+?])[*+?]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RepeatedNothing();
}
