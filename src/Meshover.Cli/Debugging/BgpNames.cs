using System.Text.RegularExpressions;

namespace Meshover.Cli.Debugging;

/// <summary>How BGP's neighbours call themselves (the capability of draft-walton-bgp-hostname-capability): FRR shows that beside their addresses, in its log, too.</summary>
internal static partial class BgpNames
{
    private const string None = "n\\/a", NotTold = "Unknown";

    /// <param name="shown">What `show bgp summary json`, or `neighbors`, prints.</param>
    public static IEnumerable<string> In(string shown) => HostName().Matches(shown).Select(match => match.Groups["name"].Value).Where(name => name is not (None or "n/a" or NotTold)).Distinct();

    [GeneratedRegex("\"(hostname|domainname|rcvHostName|rcvDomainName)\"\\s*:\\s*\"(?<name>[^\"\\s]+)\"", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex HostName();
}
