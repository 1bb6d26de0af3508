using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Our one nftables table, whole, as <c>nft -j</c> takes it. It
/// <list type="bullet">
/// <item>clamps the TCP MSS of what is forwarded into a link to the route's MTU: the workloads behind us know nothing of the tunnel, and
/// many networks lose the ICMP that would tell them;</item>
/// <item>guards the tunnel addresses: a kernel's GRE device takes a packet with the right addresses from wherever it comes, so what has
/// one of them and does not come by WireGuard is forged; and what has one of them and leaves by another interface would carry the mesh's
/// packets in clear text;</item>
/// <item>lets BGP's port be reached, from outside the mesh, by the neighbours there alone, where there are such;</item>
/// <item>says network control (CS6) outside for what FRR sends by the kernel's WireGuard, which hands no class on, and lets it pass first here;</item>
/// <item>gives packets of chosen sources an address of this node's own where they leave the mesh (<see cref="Masquerade"/>);</item>
/// <item>marks packets of gathered sources that come by a link, so that the rules can tell them from those of this node's own workloads;</item>
/// <item>keeps what passes from one link to another out of connection tracking: a transit node would fill its table with others' flows, and
/// see half of those whose answers go another way.</item>
/// </list>
/// Once set it stands by itself, whether an agent runs or not. A rule that no packet comes to carries the fingerprint of the whole, so that
/// another release of it is known to be another. The counters <c>forged</c> and <c>leaked</c> tell what was dropped, and go on counting where
/// another document takes this one's place.
/// </summary>
internal sealed record FirewallDocument(string Json, ImmutableArray<string> Comments)
{
    internal const string Table = KernelNames.FirewallTable;

    private const string MarkChain = "fingerprint";
    private const string Forged = "forged", Leaked = "leaked";

    /// <summary>Of hooks, priorities and counters: count it up when these change.</summary>
    private const int Layout = 1;

    /// <summary>The same without what a kernel without nft_fib refuses (traffic from link to link is tracked then), and without a class for control, for whose sake nothing else is to be lost.</summary>
    internal FirewallDocument? Lesser { get; private init; }

    internal static FirewallDocument? Of(SystemPlan plan) =>
        plan.Kernel.Firewall ? Of(plan.WireGuard.Interface, plan.Kernel.TunnelPool, new FirewallParts(plan.Kernel.Bgp, GatherMark.Of(plan.Kernel), ControlClass.Of(plan), plan.Kernel.Masquerade)) : null;

    /// <param name="device">The WireGuard device.</param>
    /// <param name="tunnelPool">IPv4.</param>
    /// <param name="parts">Null: none of them.</param>
    internal static FirewallDocument Of(string device, IPNetwork tunnelPool, FirewallParts? parts = null) =>
        Of(device, tunnelPool, parts ?? FirewallParts.None, isTransitTracked: false) with { Lesser = Of(device, tunnelPool, (parts ?? FirewallParts.None) with { Control = null }, isTransitTracked: true) };

    private static FirewallDocument Of(string device, IPNetwork tunnelPool, FirewallParts parts, bool isTransitTracked)
    {
        FirewallRule[] rules =
        [
            ClampRule,
            .. GuardRules("arriving", "tunnel-in", "iifname", Forged),
            .. GuardRules("leaving", "tunnel-out", "oifname", Leaked),
            .. isTransitTracked ? [] : (ReadOnlySpan<FirewallRule>)[UntrackedRule],
            .. parts.Bgp is null ? [] : BgpRules(parts.Bgp),
            .. parts.Control?.Rules.Select(rule => new FirewallRule("leaving", rule.Comment, rule.Statements)) ?? [],
            .. parts.Masquerade is null ? [] : Masquerade.Rules(parts.Masquerade).Select(rule => new FirewallRule("masquerade", rule.Comment, rule.Statements)),
            .. parts.Gather?.Matches.Select(match => new FirewallRule("gathered", $"gathered {match.Family}: mark", $"{IsFrom("mo-*")},{match.Json},{parts.Gather.Statement}")) ?? [],
        ];
        var mark = MarkRule(rules, tunnelPool);
        // Deleted (after an empty add, so that this never fails) and made anew: one transaction. "raw" (-300) is before connection
        // tracking and anybody's NAT.
        var json = $$"""
            {"nftables":[
            {"add":{"table":{"family":"inet","name":"{{Table}}"} } },
            {"delete":{"table":{"family":"inet","name":"{{Table}}"} } },
            {"add":{"table":{"family":"inet","name":"{{Table}}"} } },
            {{Counter(Forged)}},
            {{Counter(Leaked)}},
            {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"forward","type":"filter","hook":"forward","prio":-150,"policy":"accept"} } },
            {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"arriving","type":"filter","hook":"prerouting","prio":-300,"policy":"accept"} } },
            {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"leaving","type":"filter","hook":"postrouting","prio":-300,"policy":"accept"} } },
            {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"tunnel-in"} } },
            {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"tunnel-out"} } },
            {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"{{MarkChain}}"} } },
            {{(parts.Bgp is null ? "" : BgpChains)}}
            {{(parts.Gather is null ? "" : GatherChain)}}
            {{(parts.Masquerade is null ? "" : MasqueradeChain)}}
            {{string.Join(",\n", rules.Append(mark).Select(rule => rule.Json))}}
            ]}
            """;
        return new FirewallDocument(json, [.. rules.Append(mark).Select(rule => rule.Comment)]);

        // The addresses first: nearly no packet of the underlay has such a one. What has one, as all that the tunnel carries does, goes to
        // a chain where its device alone decides: names are dear to compare, so it sees no rule that is not for it.
        FirewallRule[] GuardRules(string chain, string tunnel, string link, string counter) =>
        [
            new(chain, $"from {tunnelPool}: {counter}?", $"{HasAddress("saddr")},{GoTo(tunnel)}"),
            new(chain, $"to {tunnelPool}: {counter}?", $"{HasAddress("daddr")},{GoTo(tunnel)}"),
            new(tunnel, $"{tunnelPool} only by {device}: {counter}", $$"""{{IsNot(link, device)}},{{IsNot(link, "lo")}},{"counter":"{{counter}}"},{"drop":null}"""),
        ];

        string HasAddress(string field) => $$"""
            {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"{{field}}"} },"right":{"prefix":{"addr":"{{tunnelPool.BaseAddress}}","len":{{tunnelPool.PrefixLength}} } } } }
            """;
    }

    /// <summary>Each of our rules is there, none is missing or added, and they are of this document.</summary>
    /// <param name="table">As nft lists it.</param>
    internal bool IsIn(JsonDocument table)
    {
        var rules = table.RootElement.GetProperty("nftables").EnumerateArray().Where(item => item.TryGetProperty("rule", out _)).ToList();
        return rules.Count == Comments.Length && Comments.All(rules.Select(CommentOf).ToHashSet(StringComparer.Ordinal).Contains);
    }

    /// <summary>The JSON to be applied where <paramref name="former"/> stands: its counters are taken over.</summary>
    /// <param name="former">Our table as nft lists it; null: there is none.</param>
    internal string Replacing(JsonDocument? former)
    {
        var counters = former?.RootElement.GetProperty("nftables").EnumerateArray().Where(item => item.TryGetProperty("counter", out _)) ?? [];
        return counters.Select(item => item.GetProperty("counter")).Aggregate(Json, TakeOver);

        static string TakeOver(string json, JsonElement counter) =>
            counter.GetProperty("name").GetString() is (Forged or Leaked) and var name
                ? json.Replace(Counter(name), Counter(name, counter.GetProperty("packets").GetInt64(), counter.GetProperty("bytes").GetInt64()), StringComparison.Ordinal)
                : json;
    }

    private static string Counter(string name, long packets = 0, long bytes = 0) => $$"""
        {"add":{"counter":{"family":"inet","table":"{{Table}}","name":"{{name}}","packets":{{packets}},"bytes":{{bytes}}} } }
        """;

    private static string? CommentOf(JsonElement item) => item.GetProperty("rule").TryGetProperty("comment", out var comment) ? comment.GetString() : null;

    private static FirewallRule MarkRule(FirewallRule[] rules, IPNetwork tunnelPool)
    {
        var text = $"{Layout} {tunnelPool} {string.Concat(rules.Select(rule => rule.Json))}";
        return new(MarkChain, $"fingerprint {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}", """{"return":null}""");
    }

    private static string GoTo(string chain) => $$"""{"goto":{"target":"{{chain}}"} }""";

    private static string IsNot(string link, string name) => $$"""{"match":{"op":"!=","left":{"meta":{"key":"{{link}}"} },"right":"{{name}}"} }""";

    private static FirewallRule ClampRule => new("forward", "clamp the MSS to the links", """
        {"match":{"op":"==","left":{"meta":{"key":"oifname"} },"right":"mo-*"} },
        {"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"} },"right":"syn"} },
        {"mangle":{"key":{"tcp option":{"name":"maxseg","field":"size"} },"value":{"rt":{"key":"mtu"} } } }
        """);

    // Where the packet will go is not decided yet in this hook, so it is asked for (nft(8), "fib"): of rules too, with its source, so that what is
    // gathered counts as going to a link. What is for this machine is tracked:
    // the user's rules may let answers in.
    private static FirewallRule UntrackedRule => new("arriving", "from link to link untracked", """
        {"match":{"op":"==","left":{"meta":{"key":"iifname"} },"right":"mo-*"} },
        {"match":{"op":"==","left":{"fib":{"result":"type","flags":["daddr"]} },"right":"unicast"} },
        {"match":{"op":"==","left":{"fib":{"result":"oifname","flags":["daddr"]} },"right":"mo-*"} },
        {"notrack":null}
        """);

    private const string BgpChains = $$"""
        {"add":{"counter":{"family":"inet","table":"{{Table}}","name":"strangers"} } },
        {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"local","type":"filter","hook":"input","prio":-150,"policy":"accept"} } },
        {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"bgp"} } },
        """;

    // After connection tracking and after all that is at "mangle" (-150), as others set marks there whole; before "dstnat" (-100), and so before the route is looked up.
    private const string GatherChain = $$"""
        {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"gathered","type":"filter","hook":"prerouting","prio":-140,"policy":"accept"} } },
        """;

    // "srcnat", where others' translations stand, too: what one of them has translated is not looked at here.
    private const string MasqueradeChain = $$"""
        {"add":{"chain":{"family":"inet","table":"{{Table}}","name":"masquerade","type":"nat","hook":"postrouting","prio":100,"policy":"accept"} } },
        """;

    private static IEnumerable<FirewallRule> BgpRules(BgpGuard bgp) =>
    [
        new("local", $"to port {bgp.Port}: bgp?", $$"""
            {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"} },"right":{{bgp.Port}} } },
            {{GoTo("bgp")}}
            """),
        new("bgp", "bgp from the mesh", $"{IsFrom("mo-*")},{Accept}"),
        new("bgp", "bgp from this machine", $"{IsFrom("lo")},{Accept}"),
        .. bgp.Callers.Select(caller => new FirewallRule(
            "bgp", $"bgp from {caller.Address?.ToString() ?? "its link"}{(caller.Interface is { } link ? $" on {link}" : "")}",
            string.Join(',', (string[])[.. caller.Interface is { } name ? [IsFrom(name)] : (string[])[], HasSource(caller.Address), Accept]))),
        new("bgp", "bgp from nobody else: strangers", """{"counter":"strangers"},{"drop":null}"""),
    ];

    private const string Accept = """{"accept":null}""";

    private static string IsFrom(string link) => $$"""{"match":{"op":"==","left":{"meta":{"key":"iifname"} },"right":"{{link}}"} }""";

    /// <param name="address">Null: any link-local one.</param>
    private static string HasSource(IPAddress? address) => address is null
        ? """{"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"} },"right":{"prefix":{"addr":"fe80::","len":10} } } }"""
        : $$"""{"match":{"op":"==","left":{"payload":{"protocol":"{{(address.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ip6")}}","field":"saddr"} },"right":"{{address}}"} }""";

    /// <summary>By its comment a rule is found again.</summary>
    /// <param name="Statements">As <c>nft -j</c> takes them, with commas between them.</param>
    private sealed record FirewallRule(string Chain, string Comment, string Statements)
    {
        public string Json => $$"""
            {"add":{"rule":{"family":"inet","table":"{{Table}}","chain":"{{Chain}}","comment":"{{Comment}}","expr":[
            {{Statements}}]} } }
            """;
    }
}
