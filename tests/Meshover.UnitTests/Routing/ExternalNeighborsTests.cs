using System.Net;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Xunit;

namespace Meshover.UnitTests.Routing;

/// <summary>FRR's configuration for routers outside the mesh. One text for all releases: the lab holds it against 8.4 and 10.3.</summary>
public sealed class ExternalNeighborsTests
{
    private static readonly ExternalNeighbor Plain = new() { Address = IPAddress.Parse("203.0.113.1"), RemoteAs = new Asn(64512) };

    private static readonly ExternalNeighbor Whole = new()
    {
        Address = IPAddress.Parse("fe80::2"),
        Interface = "eth1",
        RemoteAs = new Asn(4_242_420_002),
        LocalAs = new Asn(4_242_420_001),
        Password = "secret",
        Port = 1179,
        TtlSecurityHops = 1,
        Bfd = true,
        MaximumPrefix = 50,
        In = new NeighborFilter { Prefixes = [Range("10.20.0.0/16", 20, 24), Range("fd20::/32", 32, 48)], AsPath = "^4242420002_", Communities = [new(64511, 1), new(64511, 2)], DefaultRoute = true },
        Out = new NeighborFilter { Prefixes = [Range("10.64.0.0/16", 16, 24), Range("0.0.0.0/0", 0, 8)], AsPath = "^4200000001$", Communities = [new(64511, 3), new(64511, 4)], DefaultRoute = true },
    };

    private static readonly ExternalNeighbor Unnumbered = new() { Interface = "eth2", RemoteAs = new Asn(64513) };

    [Fact]
    public void Render_OneOfEachKind_EqualsTheGoldenFile() => GoldenText.Equal("neighbors.bgpd.conf", Own(Border(Plain, Whole, Unnumbered)));

    [Fact]
    public void Render_NoNeighbourOutside_IsTheMeshAlone() => Assert.DoesNotContain("OUTSIDE", Bgpd(Models.Node(1, 3)), StringComparison.Ordinal);

    [Fact]
    public void Render_ManyOfAKind_ShareTwoRouteMaps()
    {
        var many = Enumerable.Range(1, 20).Select(i => Plain with { Address = IPAddress.Parse($"203.0.113.{i}") }).ToArray();
        Assert.Equal(
            ["route-map MO-OUTSIDE-IN permit 10", "route-map MO-OUTSIDE-IN permit 20", "route-map MO-OUTSIDE-OUT deny 10", "route-map MO-OUTSIDE-OUT permit 20"],
            Own(Border(many)).Split('\n').Where(line => line.StartsWith("route-map", StringComparison.Ordinal)));
    }

    [Fact]
    public void Render_OperatorsTemplateInPlaceOfOurs_KeepsTheNeighbours()
    {
        var directory = Directory.CreateTempSubdirectory("meshover-templates-").FullName;
        File.WriteAllText(Path.Combine(directory, "bgpd.conf.liquid"), "hostname {{ host_name }}\n");
        var bgpd = FrrRenderer.Render(Border(Plain), FrrTemplateSet.Load(directory)).Bgpd;
        Directory.Delete(directory, recursive: true);
        Assert.StartsWith("hostname n1\n", bgpd, StringComparison.Ordinal);
        Assert.Contains(" neighbor 203.0.113.1 remote-as 64512\n", bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public void In_WhatMayBeLearned_IsCutToWhatTheOperatorTakesAndForbiddenPrefixesStandFirst()
    {
        LearnableRange[] learnable =
        [
            new(new RouteGrant(IPNetwork.Parse("10.20.0.0/16"), 32), IsPermitted: false),
            new(new RouteGrant(IPNetwork.Parse("10.0.0.0/8"), 24), IsPermitted: true),
            new(new RouteGrant(IPNetwork.Parse("0.0.0.0/0"), 16), IsPermitted: true),
        ];
        var model = Border(Plain) with { Learnable = [.. learnable] };
        Assert.Equal(
            ["deny 0.0.0.0/8 le 32", "deny 10.249.0.0/16 le 32", "deny 127.0.0.0/8 le 32", "deny 169.254.0.0/16 le 32", "deny 198.18.0.0/15 le 32", "deny 224.0.0.0/3 le 32"],
            In(model, Plain)[..6].Order(StringComparer.Ordinal));
        Assert.Equal(
            ["deny 10.20.0.0/16 le 32", "deny 10.64.1.0/24 ge 25 le 32", "deny any", "permit 0.0.0.0/1 le 16", "permit 10.0.0.0/8 le 24", "permit 128.0.0.0/1 le 16"],
            In(model, Plain)[6..].Order(StringComparer.Ordinal));
        Assert.Equal(["deny 10.64.1.0/24 ge 25 le 32", "deny 10.20.0.0/16 le 32", "permit 10.0.0.0/8 le 24"], In(model, Plain)[6..9]);
        Assert.Equal("permit 0.0.0.0/0 le 16", In(model, Plain with { In = new NeighborFilter { DefaultRoute = true } })[^2]);
        Assert.Contains("permit 0.0.0.0/0", In(model, Plain with { In = new NeighborFilter { DefaultRoute = true, Prefixes = [Range("10.0.0.0/9", 12, 20)] } }));
        Assert.Equal(
            ["deny 10.20.0.0/16 le 32", "permit 10.0.0.0/9 ge 12 le 20", "permit 10.0.0.0/9 ge 12 le 16", "deny any"],
            In(model, Plain with { In = new NeighborFilter { Prefixes = [Range("10.0.0.0/9", 12, 20)] } })[^4..]);
    }

    [Fact]
    public void In_GrantMore_ChangesOneLine()
    {
        LearnableRange Of(string prefix) => new(new RouteGrant(IPNetwork.Parse(prefix), 24), IsPermitted: true);
        var former = In(Border(Plain) with { Learnable = [Of("10.9.0.0/16"), Of("10.11.0.0/16")] }, Plain);
        Assert.Equal(["permit 10.10.0.0/16 le 24"], In(Border(Plain) with { Learnable = [Of("10.9.0.0/16"), Of("10.10.0.0/16"), Of("10.11.0.0/16")] }, Plain).Except(former));
    }

    [Fact]
    public void In_PartOfWhatThisNodeAnnounces_IsNotTaken()
    {
        var model = Border(Plain) with { Networks = [new Announcement(IPNetwork.Parse("10.64.1.0/24"))], Learnable = [new(new RouteGrant(IPNetwork.Parse("10.64.0.0/16"), 32), IsPermitted: true)] };
        Assert.Equal(["deny 10.64.1.0/24 ge 25 le 32", "permit 10.64.0.0/16 le 32", "deny any"], In(model, Plain)[^3..]);
    }

    [Fact]
    public void Out_NothingAsked_IsNothing_AndTheDefaultRouteIsNeverOneOfThePrefixes()
    {
        Assert.Equal(["deny any"], Out(Plain));
        Assert.Equal(["permit 0.0.0.0/0 ge 1 le 8", "deny any"], Out(Plain with { Out = new NeighborFilter { Prefixes = [Range("0.0.0.0/0", 0, 8), Range("0.0.0.0/0", 0, 0)] } }));
    }

    [Fact]
    public void Difference_NeighbourLess_TakesItAwayByOneLineAndEveryOtherLineOfItToo()
    {
        var (both, one) = (Bgpd(Border(Plain, Whole)), Bgpd(Border(Plain)));
        var difference = ConfigDifference.Between(both, one);
        Assert.Single(difference.Removals.Split('\n'), line => line.Contains("no neighbor", StringComparison.Ordinal));
        Assert.Contains(" no neighbor fe80::2 remote-as 4242420002\n", difference.Removals, StringComparison.Ordinal);
        Assert.Equal(
            both.Split('\n').Where(line => line.Contains("fe80::2", StringComparison.Ordinal) && !line.StartsWith(' ')).Order(StringComparer.Ordinal),
            (difference.Removals + difference.Leftovers).Split('\n').Where(line => line.Contains("fe80::2", StringComparison.Ordinal) && !line.StartsWith(' ')).Select(line => line["no ".Length..]).Order(StringComparer.Ordinal));
        // Its own number is not one that is taken out of paths any more; nothing else of the others' is touched.
        Assert.Equal("route-map MO-OUTSIDE-IN permit 20\n set as-path exclude 4200000001\nexit\n", difference.Additions);
    }

    [Fact]
    public void Difference_LastNeighbourGone_LeavesTheMeshAlone()
    {
        var (with, without) = (Bgpd(Border(Plain)), Bgpd(Models.Node(1, 3)));
        var difference = ConfigDifference.Between(with, without);
        Assert.Equal("", difference.Additions);
        Assert.All(["no bgp large-community-list standard MO-OUTSIDE", "no route-map MO-OUTSIDE-IN permit 10", "no ip prefix-list MO-OUTSIDE-TO-203.0.113.1"],
            line => Assert.Contains(line, difference.Leftovers, StringComparison.Ordinal));
        Assert.DoesNotContain("no neighbor m", difference.Removals, StringComparison.Ordinal);
        Assert.Empty(ChangedFilters.Commands(difference, without));
    }

    [Fact]
    public void Difference_SettingsOfASession_AreOverwritten()
    {
        var changed = Whole with { Password = "other", Port = 2179, TtlSecurityHops = 2, MaximumPrefix = 60, LocalAs = new Asn(4_242_420_003) };
        var difference = ConfigDifference.Between(Bgpd(Border(Whole)), Bgpd(Border(changed)));
        Assert.Equal("", difference.Removals);
        Assert.All(["password other", "port 2179", "ttl-security hops 2", "maximum-prefix 60 restart 5", "local-as 4242420003 no-prepend replace-as"],
            line => Assert.Contains($"neighbor fe80::2 {line}\n", difference.Additions, StringComparison.Ordinal));
    }

    [Fact]
    public void ChangedFilters_ListsOfOne_LookAtThatOneAnewInTheirDirection()
    {
        var model = Border(Plain, Unnumbered);
        Assert.Equal(["clear bgp ipv4 unicast 203.0.113.1 soft out"],
            Clears(model, Border(Plain with { Out = new NeighborFilter { Prefixes = [Range("10.64.0.0/16", 16, 24)] } }, Unnumbered)));
        Assert.Equal(["clear bgp ipv4 unicast 203.0.113.1 soft in", "clear bgp ipv4 unicast eth2 soft in"],
            Clears(model, model with { Learnable = model.Learnable.Add(new(new RouteGrant(IPNetwork.Parse("10.30.0.0/16")), IsPermitted: true)) }));
        Assert.Equal(["clear bgp ipv4 unicast eth2 soft in", "clear bgp ipv6 unicast eth2 soft in"],
            Clears(Border(Plain, Unnumbered with { In = new NeighborFilter { AsPath = "^64513$" } }), Border(Plain, Unnumbered with { In = new NeighborFilter { AsPath = "^64513_" } })));
        Assert.Empty(Clears(Border(Plain), model));
    }

    [Fact]
    public void Errors_OfFrrsAnswers_AreItsReasons()
    {
        var errors = NeighborErrors.Parse("""
            {"203.0.113.1":{"remoteAs":64512,"lastNotificationReason":"OPEN Message Error/Bad Peer AS","lastResetDueTo":"BGP Notification received"}}
            {"bgpNoSuchNeighbor":true}
            {"eth1":{"lastResetDueTo":"Waiting for NHT"}}
            """);
        Assert.Equal(["203.0.113.1 BGP Notification received: OPEN Message Error/Bad Peer AS", "eth1 Waiting for NHT"], errors.Select(error => $"{error.Key} {error.Value}"));
    }

    [Fact]
    public void WrongSignatures_OfTheKernelsCounters_AreAddedUp()
    {
        Assert.Equal(6, NeighborErrors.WrongSignatures(["TcpExt: A TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure B", "TcpExt: 9 1 2 3 9", "IpExt: X", "IpExt: 1"]));
        Assert.Equal(0, NeighborErrors.WrongSignatures(["IpExt: X", "IpExt: 1"]));
    }

    private static RoutingModel Border(params ExternalNeighbor[] neighbors) => Models.Node(1, 3) with
    {
        ExternalNeighbors = [.. neighbors],
        Learnable = [new(new RouteGrant(IPNetwork.Parse("10.20.0.0/16"), 24), IsPermitted: true), new(new RouteGrant(IPNetwork.Parse("fd20::/32"), 64), IsPermitted: true)],
    };

    private static PrefixRange Range(string prefix, int least, int most) => new(IPNetwork.Parse(prefix), least, most);

    private static string[] In(RoutingModel model, ExternalNeighbor neighbor) => Texts(Lists(model).In(neighbor));

    private static string[] Out(ExternalNeighbor neighbor) => Texts(Lists(Border(neighbor)).Out(neighbor));

    private static ExternalLists Lists(RoutingModel model) => new(model, System.Net.Sockets.AddressFamily.InterNetwork);

    private static string[] Texts(IEnumerable<PrefixListEntry> entries) => [.. entries.OrderBy(e => e.Seq).Select(e => $"{(e.Permit ? "permit" : "deny")} {e.Range}")];

    private static IReadOnlyList<string> Clears(RoutingModel before, RoutingModel after) =>
        ChangedFilters.Commands(ConfigDifference.Between(Bgpd(before), Bgpd(after)), Bgpd(after));

    private static string Bgpd(RoutingModel model) => FrrRenderer.Render(model, FrrTemplateSet.Embedded).Bgpd;

    /// <summary>What stands behind the mesh's own.</summary>
    private static string Own(RoutingModel model) => Bgpd(model)[Bgpd(model with { ExternalNeighbors = [] }).Length..];
}
