using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Cli.Doctor;
using Meshover.Cli.Doctor.Firewall;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.UnitTests.Cli.Doctor;

/// <summary>A machine that is up in a mesh, with one uplink (eth0) and one link, and nothing in the way.</summary>
internal static class Machine
{
    internal const int Eth0 = 2;
    internal const int Link = 8;

    internal static MachineFacts Fine() => new()
    {
        Node = new NodeFacts
        {
            Settings = new NodeSettings { Announce = [IPNetwork.Parse("10.64.1.0/24")] },
            IsUp = true,
            KnowsMesh = true,
            Pools = [("pool of IPv4 addresses", IPNetwork.Parse("10.249.0.0/16")), ("pool of tunnel addresses", IPNetwork.Parse("198.18.0.0/15"))],
        },
        ForwardsIpv6 = true,
        Links = [NewLink(1, "lo"), NewLink(Eth0, "eth0"), NewLink(7, "meshover0", "tun"), NewLink(Link, "mo-00000002", "tun"), NewLink(9, "meshover-lo", "dummy")],
        Addresses =
        [
            new AddressInfo { LinkIndex = Eth0, Address = IPAddress.Parse("192.0.2.1"), PrefixLength = 24 },
            new AddressInfo { LinkIndex = 9, Address = IPAddress.Parse("10.249.0.1"), PrefixLength = 32, Protocol = 112 },
        ],
        Routes =
        [
            Route("0.0.0.0/0"),
            Route("192.0.2.0/24") with { Protocol = RouteProtocols.Kernel },
            Route("0.0.0.0/0", table: 7401) with { Protocol = 112 },
            new RouteInfo { Destination = IPNetwork.Parse("10.249.0.0/16"), Kind = RouteKind.Unreachable, Protocol = 112 },
        ],
        Rules =
        [
            Rule(0, 255),
            Rule(32764, 7401) with { Mark = 0x6d, MarkMask = 0xff, Protocol = 112 },
            Rule(32765, 0) with { Mark = 0x6d, MarkMask = 0xff, Protocol = 112, Action = RuleAction.Prohibit },
            Rule(32766, 254),
            Rule(32767, 253),
        ],
    };

    internal static LinkInfo NewLink(int index, string name, string kind = "") => new()
    {
        Index = index,
        Name = name,
        Kind = kind,
        Flags = LinkFlags.Up,
        Ipv4 = new LinkIpv4Settings(Forwarding: 1, RpFilter: 2, AcceptRedirects: 0),
        Ipv6 = new LinkIpv6Settings(Forwarding: 1, AcceptRa: 0, AcceptRedirects: 0, DisableIpv6: 0),
    };

    internal static RouteInfo Route(string destination, uint table = RouteInfo.MainTable) =>
        new() { Destination = IPNetwork.Parse(destination), OutputLink = Eth0, Table = table, Protocol = RouteProtocols.Static };

    internal static RuleInfo Rule(uint priority, uint table) => new() { Family = AddressFamily.InterNetwork, Priority = priority, Table = table };

    internal static MachineFacts With(this MachineFacts facts, params RuleInfo[] rules) =>
        facts with { Rules = [.. facts.Rules.Concat(rules).OrderBy(rule => rule.Priority)] };

    internal static MachineFacts With(this MachineFacts facts, params RouteInfo[] routes) => facts with { Routes = [.. facts.Routes, .. routes] };

    /// <summary>The link of that index changed.</summary>
    internal static MachineFacts With(this MachineFacts facts, int link, Func<LinkInfo, LinkInfo> change) =>
        facts with { Links = [.. facts.Links.Select(l => l.Index == link ? change(l) : l)] };

    /// <param name="facts">The machine.</param>
    /// <param name="items">Chains and rules, as nft's JSON has them.</param>
    internal static MachineFacts WithFirewall(this MachineFacts facts, params string[] items) =>
        facts with { Firewall = Ruleset.Parse($$"""{"nftables":[{{string.Join(',', items)}}]}""") };

    internal static string Chain(string family, string table, string name, string? hook = null, string policy = "accept") => hook is null
        ? $$"""{"chain":{"family":"{{family}}","table":"{{table}}","name":"{{name}}"} }"""
        : $$"""{"chain":{"family":"{{family}}","table":"{{table}}","name":"{{name}}","type":"filter","hook":"{{hook}}","prio":0,"policy":"{{policy}}"} }""";

    internal static string Rule(string family, string table, string chain, params string[] statements) =>
        $$"""{"rule":{"family":"{{family}}","table":"{{table}}","chain":"{{chain}}","expr":[{{string.Join(',', statements)}}]} }""";

    internal static string Is(string key, string value, string op = "==") => $$"""{"match":{"op":"{{op}}","left":{{key}},"right":{{value}} } }""";

    /// <summary>"check: severity" of each finding.</summary>
    internal static ImmutableArray<string> Findings(this MachineFacts facts) =>
        [.. Examination.Examine(facts).Findings.Select(f => $"{f.Check}: {f.Severity.ToString().ToLowerInvariant()}")];
}
