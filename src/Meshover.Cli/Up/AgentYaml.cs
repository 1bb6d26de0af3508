using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Meshover.Agent.Configuration;

namespace Meshover.Cli.Up;

/// <summary>
/// <c>agent.yaml</c> as `up` writes it. Its first line carries a checksum of the rest, so that `down` can tell the file that `up` wrote
/// from one that a person has taken into his own hands.
/// </summary>
internal static class AgentYaml
{
    private const string Mark = "# Written by `meshover up`; `meshover down` removes it as long as it is unchanged. Checksum: ";

    public static string Render(IEnumerable<RawSetting> settings)
    {
        var body = new StringBuilder();
        foreach (var setting in settings.OrderBy(s => s.Name, StringComparer.Ordinal))
            Append(body, setting);
        return $"{Mark}{Checksum(body.ToString())}\n{body}";
    }

    /// <summary>Whether `up` wrote it, and nobody has changed it since.</summary>
    public static bool IsOurs(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        return end > 0 && text[..end] == Mark + Checksum(text[(end + 1)..]);
    }

    private static void Append(StringBuilder body, RawSetting setting)
    {
        var isList = AgentSettings.Find(setting.Name)?.IsList == true;
        if (!isList)
        {
            body.Append(setting.Name).Append(": ").Append(Quote(setting.Values[0])).Append('\n');
            return;
        }
        body.Append(setting.Name).Append(":\n");
        foreach (var value in setting.Values)
            body.Append("  - ").Append(Quote(value)).Append('\n');
    }

    /// <summary>
    /// YAML's single quotes (1.2, section 7.3.2): only the quote itself is doubled. Control characters are refused before. A bare
    /// <c>null</c> is no value.
    /// </summary>
    private static string Quote(string value) =>
        value != "null" && value.All(c => char.IsAsciiLetterOrDigit(c)) ? value : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Checksum(string body) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)).AsSpan(0, 8));
}
