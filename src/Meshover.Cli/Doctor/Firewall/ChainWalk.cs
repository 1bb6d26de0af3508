using System.Text.Json;

namespace Meshover.Cli.Doctor.Firewall;

/// <summary>
/// Sends a sample through one base chain, as nftables would (nft(8), "verdict statement"). A firewall can ask for what is not known of a
/// sample (its addresses, the time of day), so <see cref="IsDropped"/> says true only where no rule could have let it pass.
/// </summary>
internal sealed class ChainWalk
{
    /// <summary>Chains cannot jump in circles; the kernel itself allows 16.</summary>
    private const int DeepestJump = 16;

    private readonly Ruleset _ruleset;
    private readonly PacketSample _packet;
    private bool _mayPass;
    private bool _translates;
    private bool _namesLink;

    private ChainWalk(Ruleset ruleset, PacketSample packet) => (_ruleset, _packet) = (ruleset, packet);

    private enum Verdict
    {
        None,
        Accept,
        Drop,
        Return,
    }

    /// <summary>The chain drops it for certain.</summary>
    public static bool IsDropped(Ruleset ruleset, FirewallChain chain, PacketSample packet)
    {
        var walk = new ChainWalk(ruleset, packet);
        var verdict = walk.Enter(chain, 0);
        return !walk._mayPass && (verdict == Verdict.Drop || (verdict == Verdict.None && chain.Drops));
    }

    /// <summary>A rule of the chain that names one of the packet's links may translate its addresses, if it is tracked.</summary>
    public static bool Translates(Ruleset ruleset, FirewallChain chain, PacketSample packet)
    {
        var walk = new ChainWalk(ruleset, packet);
        walk.Enter(chain, 0);
        return walk._translates;
    }

    private Verdict Enter(FirewallChain chain, int depth)
    {
        foreach (var rule in chain.Rules)
        {
            // What a rule asks holds for the chain that it jumps to, too.
            var outer = _namesLink;
            var verdict = Apply(chain, rule, depth);
            _namesLink = outer;
            if (verdict == Verdict.Return)
                return Verdict.None;
            if (verdict != Verdict.None)
                return verdict;
        }
        return Verdict.None;
    }

    private Verdict Apply(FirewallChain chain, JsonElement rule, int depth)
    {
        var matches = Answer.Yes;
        foreach (var statement in rule.EnumerateArray().Select(s => s.EnumerateObject().FirstOrDefault()))
        {
            if (Condition(statement) is { } condition)
                matches = condition < matches ? condition : matches;
            if (matches == Answer.No)
                return Verdict.None;
            _namesLink |= statement.Name == "match" && Match.NamesLink(statement.Value);
            _translates |= _namesLink && IsTranslation(statement);
            var verdict = Decide(chain, statement, depth);
            if (verdict == Verdict.None)
                continue;
            if (matches == Answer.Yes)
                return verdict;
            // It may have come this far or not.
            _mayPass |= verdict is Verdict.Accept or Verdict.Return;
            return Verdict.None;
        }
        return Verdict.None;
    }

    private static bool IsTranslation(JsonProperty statement) => statement.Name switch
    {
        "snat" or "dnat" or "masquerade" or "redirect" => true,
        "xt" => statement.Value.TryGetProperty("name", out var name) && name.GetString() is "SNAT" or "DNAT" or "MASQUERADE" or "REDIRECT" or "NETMAP",
        _ => false,
    };

    /// <summary>Null where the statement asks nothing.</summary>
    private Answer? Condition(JsonProperty statement) => statement.Name switch
    {
        "match" => Match.Of(statement.Value, _packet),
        "limit" or "quota" or "ct count" => Answer.Maybe,
        "xt" => OfXtables(statement.Value),
        _ => null,
    };

    // What iptables-nft could not say in nftables' own words; nft shows only the names.
    private static Answer OfXtables(JsonElement xt) => xt.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
        ? name.GetString() switch
        {
            "comment" => Answer.Yes,
            "conntrack" or "state" => Answer.No, // established ones, or invalid ones: a new packet is neither
            _ => Answer.Maybe,
        }
        : Answer.Maybe;

    private Verdict Decide(FirewallChain chain, JsonProperty statement, int depth) => statement.Name switch
    {
        "accept" => Verdict.Accept,
        "drop" or "reject" => Verdict.Drop,
        "return" => Verdict.Return,
        "queue" => Verdict.Accept,
        "xt" when statement.Value.TryGetProperty("name", out var name) && name.ValueEquals("REJECT") => Verdict.Drop,
        "jump" => Jump(chain, statement.Value, depth),
        // What ends without a verdict behind a goto comes back to nobody.
        "goto" => Jump(chain, statement.Value, depth) is var verdict && verdict == Verdict.None ? Verdict.Return : verdict,
        "vmap" => Map(chain, statement.Value, depth),
        _ => Verdict.None,
    };

    private Verdict Jump(FirewallChain from, JsonElement target, int depth)
    {
        var name = from.Name with { Chain = target.GetProperty("target").GetString() ?? "" };
        return depth < DeepestJump && _ruleset.Chains.TryGetValue(name, out var chain) ? Enter(chain, depth + 1) : Verdict.None;
    }

    private Verdict Map(FirewallChain chain, JsonElement map, int depth)
    {
        if (!map.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("set", out var entries))
        {
            _mayPass = true; // a named map: its content is not in the rule
            return Verdict.None;
        }
        foreach (var entry in entries.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Array && e.GetArrayLength() == 2))
        {
            var matches = Match.IsAny(map.GetProperty("key"), entry[0], _packet);
            var verdict = matches == Answer.No ? Verdict.None : Decide(chain, entry[1].EnumerateObject().FirstOrDefault(), depth);
            if (matches == Answer.Yes)
                return verdict;
            _mayPass |= verdict == Verdict.Accept;
        }
        return Verdict.None;
    }
}
