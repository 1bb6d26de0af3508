using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Meshover.Cli.Debugging;

/// <summary>
/// Takes out of a text what nobody else may see: keys, tokens, join strings and passwords always; by choice also addresses, names and hardware addresses.
/// What was equal is equal afterwards, in all texts of one bundle, so that they can still be read together.
/// </summary>
/// <param name="secrets">Texts that are taken out wherever they stand, such as this node's own keys.</param>
/// <param name="names">Hostnames, replaced where <paramref name="anonymise"/> is wished.</param>
/// <param name="anonymise">Replace addresses and names, too.</param>
internal sealed partial class Redaction(IEnumerable<string> secrets, IEnumerable<string> names, bool anonymise)
{
    private const int TimeoutMs = 10_000;
    private const int ShortestSecret = 4;
    private const string Gone = "(taken out)";

    private readonly string[] _secrets = [.. secrets.Where(secret => secret.Length >= ShortestSecret).Distinct().OrderByDescending(secret => secret.Length)];
    private readonly Regex? _names = anonymise && names.Where(name => name.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase).OrderByDescending(name => name.Length).Select(Regex.Escape).ToList() is { Count: > 0 } all
        ? new Regex($@"(?<![A-Za-z0-9-])({string.Join('|', all)})(?![A-Za-z0-9-])", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeSpan.FromMilliseconds(TimeoutMs))
        : null;
    private readonly Dictionary<string, string> _replaced = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _counts = [];

    public string Of(string text)
    {
        // As JSON writes it, which would hide what is looked for.
        text = text.Replace("\\u002B", "+", StringComparison.Ordinal).Replace("\\u0027", "'", StringComparison.Ordinal).Replace("\\u0026", "&", StringComparison.Ordinal);
        foreach (var secret in _secrets)
            text = text.Replace(secret, Gone, StringComparison.Ordinal);
        text = Pem().Replace(text, Gone);
        text = JoinString().Replace(text, Gone);
        text = Token().Replace(text, Gone);
        text = FrrPassword().Replace(text, match => $"{match.Groups["before"].Value}{Gone}");
        text = Password().Replace(text, match => $"{match.Groups["before"].Value}{Gone}");
        text = Key().Replace(text, match => Instead("key", match.Value));
        return anonymise ? Anonymous(text) : text;
    }

    private string Anonymous(string text)
    {
        text = _names?.Replace(text, match => Instead("node", match.Value)) ?? text;
        text = HardwareAddress().Replace(text, match => Instead("mac", match.Value));
        text = IPv4().Replace(text, match => Address(match.Value));
        return IPv6().Replace(text, match => Address(match.Value));
    }

    /// <summary>What says nothing of anybody stays.</summary>
    private string Address(string text)
    {
        // "fd00::3: refused" has a colon of the sentence's behind it.
        if (text.EndsWith(':') && !text.EndsWith("::", StringComparison.Ordinal))
            return $"{Address(text[..^1])}:";
        if (!IPAddress.TryParse(text, out var address) || IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            return text;
        return Instead(address.AddressFamily == AddressFamily.InterNetwork ? "ipv4" : "ipv6", $"{address}");
    }

    private string Instead(string kind, string of)
    {
        if (_replaced.TryGetValue(of, out var known))
            return known;
        var count = _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        return _replaced[of] = string.Create(CultureInfo.InvariantCulture, $"{kind}-{count}");
    }

    [GeneratedRegex("-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex Pem();

    /// <summary>Meshover.Mesh.Trust.JoinString.</summary>
    [GeneratedRegex(@"\bmo1\.[A-Za-z0-9_.+/=-]{16,}", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex JoinString();

    /// <summary>A JWT (RFC 7519): three parts of base64url, the first of which begins a JSON object.</summary>
    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex Token();

    /// <summary>In FRR's configuration the rest of the line is the password.</summary>
    [GeneratedRegex(@"(?<before>^\s*neighbor \S+ password )(?!\(taken out\)).*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex FrrPassword();

    /// <summary>In our configuration (`password: Y`, in a flow mapping too) and in JSON.</summary>
    [GeneratedRegex("""(?<before>\b(password|passphrase|secret|psk|preshared-?key|private-?key)['"]?[:=][ \t]*)(?!\(taken out\))("(\\.|[^"\\\n])*"|'(''|[^'\n])*'|[^,}\n]+)""", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex Password();

    /// <summary>32 bytes in base64: WireGuard's keys, of which nobody can see whether they are public.</summary>
    [GeneratedRegex("(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex Key();

    [GeneratedRegex("(?<![0-9A-Fa-f:])([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex HardwareAddress();

    [GeneratedRegex(@"(?<![0-9.])(\d{1,3}\.){3}\d{1,3}(?![0-9.]*\d)", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex IPv4();

    [GeneratedRegex("(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])", RegexOptions.ExplicitCapture, TimeoutMs)]
    private static partial Regex IPv6();
}
