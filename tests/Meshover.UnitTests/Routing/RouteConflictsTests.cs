using System.Net;
using System.Text.Json;
using Meshover.Routing.Supervision;
using Xunit;

namespace Meshover.UnitTests.Routing;

/// <summary>As FRR 8.4 and 10.3 say it, shortened to what is read and what could be mistaken for it.</summary>
public sealed class RouteConflictsTests
{
    private const string Used = """{"prefix":"10.64.2.0/24","protocol":"bgp","selected":true,"destSelected":true,"distance":20,"installed":true,"nexthops":[{"fib":true,"interfaceName":"mo-00000002","active":true}]}""";
    private const string Unused = """{"prefix":"10.64.3.0/24","protocol":"bgp","distance":20,"metric":10,"nexthops":[{"interfaceName":"mo-00000003","active":true}]}""";
    private const string Kernels = """{"prefix":"10.64.3.0/24","protocol":"kernel","selected":true,"destSelected":true,"distance":0,"installed":true,"nexthops":[{"fib":true,"interfaceName":"docker0","active":true}]}""";

    [Fact]
    public void Unselected_RoutesOfWhichNoneIsSelected_AreNamed() =>
        Assert.Equal(["10.64.3.0/24"], RouteConflicts.Unselected($$"""{"10.64.2.0/24":[{{Used}},{{Unused}}],"10.64.3.0/24":[{{Unused}}]}"""));

    [Fact]
    public void Unselected_NoRoutes_IsNothing() => Assert.Empty(RouteConflicts.Unselected("{}"));

    [Fact]
    public void Of_AnotherThatIsSelected_SaysWhose() =>
        Assert.Equal(new RouteConflict("10.64.3.0/24", "kernel", "docker0"), RouteConflicts.Of("10.64.3.0/24", $$"""{"10.64.3.0/24":[{{Unused}},{{Kernels}}]}"""));

    [Fact]
    public void Of_AnotherWithoutAnInterface_NamesNone() =>
        Assert.Equal("", RouteConflicts.Of("10.64.3.0/24", """{"10.64.3.0/24":[{"protocol":"kernel","selected":true,"nexthops":[{"unreachable":true,"reject":true}]}]}""")?.Interface);

    [Fact]
    public void Of_RouteThatWasNotTakenForAnotherReason_IsNoConflict() => Assert.Null(RouteConflicts.Of("10.64.3.0/24", $$"""{"10.64.3.0/24":[{{Unused}}]}"""));

    [Fact]
    public void NotInstalled_SelectedRoutesThatTheKernelHasNotTaken_AreNamed()
    {
        var missing = Used.Replace("\"installed\":true,", "", StringComparison.Ordinal);
        var queued = Used.Replace("\"installed\":true", "\"queued\":true", StringComparison.Ordinal);
        var said = $$"""{"10.64.2.0/24":[{{Used}},{{Unused}}],"10.64.3.0/24":[{{Unused}}],"10.64.4.0/24":[{{missing}}],"10.64.5.0/24":[{{queued}}]}""";
        Assert.Equal(["10.64.4.0/24"], RouteConflicts.NotInstalled(said, Held("10.64.2.0/24", "10.64.4.0/24")));
    }

    /// <summary>As after `ip nexthop flush`: zebra heard of nothing.</summary>
    [Fact]
    public void NotInstalled_RoutesThatZebraBelievesInTheKernel_AreNamedWhereTheyAreNot()
    {
        var said = $$"""{"10.64.2.0/24":[{{Used}}],"fd64:0:0:3::/64":[{{Used}}],"fd64:2::/64":[{{Used}}],"10.64.3.0/24":[{{Unused}}]}""";
        Assert.Equal(["10.64.2.0/24", "fd64:2::/64"], RouteConflicts.NotInstalled(said, Held("10.64.0.0/16", "fd64:0:0:3::/64", "fd64:2::/63")));
    }

    [Fact]
    public void NotInstalled_PrefixThatCannotBeRead_IsLeftToZebra() =>
        Assert.Empty(RouteConflicts.NotInstalled($$"""{"10.64.2.0/24 from ::/0":[{{Used}}]}""", Held()));

    private static HashSet<IPNetwork> Held(params IEnumerable<string> prefixes) => [.. prefixes.Select(prefix => IPNetwork.Parse(prefix))];

    [Fact]
    public void Unselected_SomethingElse_IsAnError() => Assert.Throws<JsonException>(() => RouteConflicts.Unselected("% Unknown command").ToList());
}
