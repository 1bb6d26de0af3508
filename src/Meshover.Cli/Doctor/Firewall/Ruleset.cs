using System.Collections.Immutable;
using System.Text.Json;

namespace Meshover.Cli.Doctor.Firewall;

/// <summary>A chain's place.</summary>
internal readonly record struct ChainName(string Family, string Table, string Chain)
{
    public override string ToString() => $"{Family} {Table} {Chain}";
}

/// <summary>A chain with its rules.</summary>
/// <param name="Hook">Where packets come into it; null where only other chains lead there.</param>
/// <param name="Drops">Its policy, for what comes to its end.</param>
/// <param name="Rules">Their statements, as nft's JSON has them.</param>
internal sealed record FirewallChain(ChainName Name, string? Hook, bool Drops, ImmutableArray<JsonElement> Rules);

/// <summary>The whole of nftables, as <c>nft -j list ruleset</c> tells it (libnftables-json(5)).</summary>
internal sealed record Ruleset(ImmutableDictionary<ChainName, FirewallChain> Chains)
{
    public static readonly Ruleset Empty = new(ImmutableDictionary<ChainName, FirewallChain>.Empty);

    /// <exception cref="JsonException">It is none.</exception>
    public static Ruleset Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var chains = new Dictionary<ChainName, FirewallChain>();
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("chain", out var chain))
                Add(chains, chain);
            else if (item.TryGetProperty("rule", out var rule))
                Append(chains, rule);
        }
        return new Ruleset(chains.ToImmutableDictionary());
    }

    private static void Add(Dictionary<ChainName, FirewallChain> chains, JsonElement chain)
    {
        var name = NameOf(chain, "name");
        chains[name] = new FirewallChain(name, TextOf(chain, "hook"), TextOf(chain, "policy") == "drop", []);
    }

    // nft lists every chain before the rules.
    private static void Append(Dictionary<ChainName, FirewallChain> chains, JsonElement rule)
    {
        var name = NameOf(rule, "chain");
        if (chains.TryGetValue(name, out var chain))
            chains[name] = chain with { Rules = chain.Rules.Add(rule.GetProperty("expr").Clone()) };
    }

    private static ChainName NameOf(JsonElement item, string chain) =>
        new(TextOf(item, "family") ?? "", TextOf(item, "table") ?? "", TextOf(item, chain) ?? "");

    private static string? TextOf(JsonElement item, string property) => item.TryGetProperty(property, out var value) ? value.GetString() : null;
}
