using System.Text.Json;
using Meshover.Cli.Doctor.Firewall;
using Meshover.Mesh.Findings;

namespace Meshover.Cli.Doctor.Checks;

/// <summary>
/// A firewall's own reverse path filter (nft(8), "fib saddr . iif oif missing"), which looks into the main table: firewalld has one for IPv6.
/// </summary>
internal sealed class ReversePathRules : ICheck
{
    public string Name => "rp-filter-rule";

    public IEnumerable<Finding> Look(MachineFacts facts) => facts.Firewall.Chains.Values
        .Where(chain => chain.Name.Table != DroppedPackets.OwnTable && chain.Rules.Any(Drops))
        .OrderBy(chain => chain.Name.ToString(), StringComparer.Ordinal)
        .Select(Of);

    private static bool Drops(JsonElement rule) =>
        rule.EnumerateArray().Any(AsksForTheWayBack) && rule.EnumerateArray().Any(statement => statement.TryGetProperty("drop", out _) || statement.TryGetProperty("reject", out _));

    // Without "iif" any way back will do, and there is one. "missing" is false in nft's JSON; of "oif 0" it makes a text.
    private static bool AsksForTheWayBack(JsonElement statement) =>
        statement.TryGetProperty("match", out var match)
        && match.GetProperty("left") is { ValueKind: JsonValueKind.Object } left && left.TryGetProperty("fib", out var fib)
        && fib.GetProperty("result").GetString() is "oif" or "oifname"
        && FlagsOf(fib).Contains("saddr", StringComparer.Ordinal) && FlagsOf(fib).Contains("iif", StringComparer.Ordinal)
        && match.GetProperty("right") is { } right && (right.ValueKind is JsonValueKind.False or JsonValueKind.Number || (right.ValueKind == JsonValueKind.String && right.ValueEquals("0")));

    private static IEnumerable<string?> FlagsOf(JsonElement fib) => fib.GetProperty("flags") is { ValueKind: JsonValueKind.Array } flags
        ? flags.EnumerateArray().Select(flag => flag.GetString())
        : [fib.GetProperty("flags").GetString()];

    private static Finding Of(FirewallChain chain) => new()
    {
        Kind = FindingKinds.FirewallRpFilter,
        Severity = Severity.Warning,
        Problem = $"The firewall's chain {chain.Name} drops packets if the main table has no route back to their sender through the interface that they arrived on (`fib saddr … iif oif missing`).",
        Breaks = "Where a prefix that the mesh has learned covers a peer's address, main routes that address over a link: WireGuard's packets from that peer are dropped silently.",
        Mend = chain.Name.Table == Firewalld.Table
            ? "In /etc/firewalld/firewalld.conf set `IPv6_rpfilter=no` (from firewalld 2.0 on also `loose`), then `firewall-cmd --reload`."
            : "Leave `iif` out of it (`fib saddr . mark oif missing`): any way back will do then; or add before it `udp dport PORT accept` (WireGuard's).",
    };
}
