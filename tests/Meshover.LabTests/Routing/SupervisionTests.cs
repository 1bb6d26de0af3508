using System.Globalization;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;
using Meshover.Mesh.Paths;
using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;
using Meshover.UnitTests.Routing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.LabTests.Routing;

/// <summary>FRR dies, its keeper dies, its configuration changes or is bad: traffic and sessions go on.</summary>
public abstract class SupervisionTests(FrrMesh mesh)
{
    private const int Stop = 19; // SIGSTOP

    [Theory]
    [InlineData("zebra")]
    [InlineData("bgpd")]
    [InlineData("bfdd")]
    [InlineData("zebra", "bgpd", "bfdd")]
    public async Task Daemons_Killed_AllStartAgainAndNoMoreThanOnePacketIsLost(params string[] names)
    {
        var (node, peer) = (mesh.Node(4), mesh.Node(3));
        var before = await node.DaemonAsync("bgpd");
        var restarts = (await node.Client.GetStatusAsync()).Restarts;
        var victims = await Task.WhenAll(names.Select(node.DaemonAsync));
        var lost = await FrrMesh.LostAsync(peer, node, 8, () => Task.FromResult(victims.All(v => v.Kill())));
        await mesh.WholeAsync();
        Assert.InRange(lost, 0, 1);
        Assert.NotEqual(before, await node.DaemonAsync("bgpd"));
        Assert.Equal(restarts + 1, (await node.Client.GetStatusAsync()).Restarts);
    }

    [Theory]
    [InlineData("zebra")]
    [InlineData("bgpd")]
    public async Task Daemon_Hangs_IsFoundAndAllStartAgain(string name)
    {
        var node = mesh.Node(4);
        var hung = await node.DaemonAsync(name);
        hung.Signal(Stop);
        await Until.TrueAsync("the one that hangs is killed", TimeSpan.FromSeconds(60), () => !hung.IsAlive);
        await mesh.WholeAsync();
        Assert.NotEqual(hung, await node.DaemonAsync(name));
    }

    [Fact]
    public async Task Daemon_ThatReadsALongFile_IsReadyOnlyWhenItHasReadIt()
    {
        const int lines = 400; // seconds, and many on a busy machine
        var node = mesh.Node(4);
        var directory = Directory.CreateTempSubdirectory("t-routing-").FullName;
        await File.WriteAllLinesAsync($"{directory}/bgpd.extra.conf.liquid", Enumerable.Range(1, lines).Select(i => $"ip prefix-list SLOW seq {i} permit 10.{i / 256}.{i % 256}.0/24"));
        Assert.False((await node.ApplyAsync(FrrTemplateSet.Load(directory))).Restarted);
        Directory.Delete(directory, recursive: true);

        (await node.DaemonAsync("bgpd")).Kill();
        await Until.TrueAsync("all of FRR is ended", TimeSpan.FromSeconds(5), () => node.FrrProcessScanIn().Ours.IsEmpty);
        await Until.TrueAsync("bgpd has its socket", TimeSpan.FromSeconds(20), () => node.FrrProcessScanIn().Ours.ContainsKey("bgpd") && File.Exists($"{node.Options.FrrSockets}/bgpd.vty"));
        Assert.Equal(RoutingState.Starting, await node.StateAsync());
        await Until.TrueAsync("it has read its file", TimeSpan.FromSeconds(180), async () => await node.StateAsync() == RoutingState.Running);
        Assert.Contains($"seq {lines} permit", await node.VtyshAsync("show running-config bgpd"), StringComparison.Ordinal);

        Assert.True((await node.ApplyAsync()).Restarted); // a command for each line would take longer
        await mesh.WholeAsync();
    }

    [Theory]
    [InlineData(9)]
    [InlineData(15)]
    public async Task Supervisor_EndedAndStartedAgain_AdoptsFrrAndNothingIsLost(int signal)
    {
        var (node, peer) = (mesh.Node(4), mesh.Node(3));
        var before = await Task.WhenAll(FrrDaemon.All.Select(d => node.DaemonAsync(d.Name)));
        var lost = await FrrMesh.LostAsync(peer, node, 6, async () =>
        {
            node.Supervisor!.Signal(signal);
            await node.Supervisor.WaitForExitAsync();
            await node.StartSupervisorAsync();
        });
        Assert.Equal(0, lost);
        Assert.Equal(before, await Task.WhenAll(FrrDaemon.All.Select(d => node.DaemonAsync(d.Name))));
        Assert.Equal(new ApplyResult(0, Restarted: false), await node.ApplyAsync());
        Assert.True(await node.HasSessionsAsync(FrrMesh.Count - 1));
    }

    [Fact]
    public async Task Daemon_KilledWhileNobodyWatches_IsRestartedByTheNextSupervisor()
    {
        var node = mesh.Node(4);
        var bfdd = await node.DaemonAsync("bfdd");
        node.Supervisor!.Kill();
        bfdd.Kill();
        await node.StartSupervisorAsync();
        await mesh.WholeAsync();
        Assert.NotEqual(bfdd, await node.DaemonAsync("bfdd"));
    }

    [Fact]
    public async Task Neighbour_RemovedAndAdded_OthersKeepTheirSessionsAndItsConfigurationIsGone()
    {
        var (node, whole) = (mesh.Node(3), mesh.Node(3).Model);
        var since = await EstablishedAsync(node);
        var all = await ConfigurationAsync(node);

        node.Model = whole.With([.. whole.Neighbors.Where(n => n.Node.Value != 4)]) with { Grants = [.. whole.Grants.Where(g => g.Origin.Value != 4_200_000_004)] };
        Assert.False((await node.ApplyAsync()).Restarted);
        var without = await ConfigurationAsync(node);
        Assert.DoesNotContain(without, l => l.Contains("00000004", StringComparison.Ordinal) || l.Contains("10.64.4.", StringComparison.Ordinal));
        await Until.TrueAsync("the other two are there", TimeSpan.FromSeconds(5), () => node.HasSessionsAsync(2));

        node.Model = whole;
        Assert.False((await node.ApplyAsync()).Restarted);
        await mesh.WholeAsync();
        Assert.Equal(all, await ConfigurationAsync(node));
        Assert.Equal(since[..2], (await EstablishedAsync(node))[..2]);
        Assert.Equal(0, (await node.ApplyAsync()).Commands);
    }

    [Fact]
    public async Task Changes_AppliedAsDifferences_LeaveWhatAFreshStartWouldGive()
    {
        var (node, whole) = (mesh.Node(2), mesh.Node(2).Model);
        var since = await EstablishedAsync(node);
        var changed = whole.With([.. whole.Neighbors.Select(n => n with { Cost = n.Node.Value == 3 ? 70 : n.Cost, IsTransit = n.Node.Value != 4 })]);
        node.Model = changed with { IsTransit = true, Bfd = BfdTimers.For(160, BfdTimers.DefaultPacketsPerSecond), MaxMeshHops = 3, Networks = [.. whole.Networks, IPNetwork.Parse("10.64.2.128/26")] };
        var applied = await node.ApplyAsync();
        Assert.InRange(applied.Commands, 15, 40);
        var byDifference = await ConfigurationAsync(node);
        Assert.Equal(since, await EstablishedAsync(node));

        var restarts = (await node.Client.GetStatusAsync()).Restarts;
        (await node.DaemonAsync("zebra")).Kill();
        await Until.TrueAsync("the death is noticed", TimeSpan.FromSeconds(5), async () => (await node.Client.GetStatusAsync()).Restarts > restarts);
        await Until.TrueAsync("FRR runs again", TimeSpan.FromSeconds(20), async () => await node.StateAsync() == RoutingState.Running);
        Assert.Equal(byDifference, await ConfigurationAsync(node));

        node.Model = whole;
        await node.ApplyAsync();
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Attributes_OfAnAnnouncedPrefix_ReachTheNeighboursAndChangeInPlace()
    {
        const int Link = 2 * LinkCost.Base;
        var (node, whole) = (mesh.Node(2), mesh.Node(2).Model);
        var announced = new Announcement(IPNetwork.Parse("10.64.2.128/26"));
        foreach (var (now, med, community) in new[]
        {
            (announced with { Med = 100, Communities = [new(65000, 1)] }, 100 + Link, "65000:1"),
            (announced with { Med = 200, Communities = [new(65000, 1), new(65000, 2)] }, 200 + Link, "65000:1 65000:2"),
            (announced, Link, null),
        })
        {
            node.Model = whole with { Networks = [.. whole.Networks, now] };
            Assert.False((await node.ApplyAsync()).Restarted);
            await Until.NothingIsMissingAsync($"the neighbour sees a MED of {med} and {community ?? "no"} community", TimeSpan.FromSeconds(10), async () =>
            {
                var said = await mesh.Node(3).VtyshAsync("show bgp ipv4 unicast 10.64.2.128/26 json");
                using var seen = System.Text.Json.JsonDocument.Parse(said);
                return seen.RootElement.TryGetProperty("paths", out var paths) && paths.EnumerateArray().Any(path => IsSo(path, med, community)) ? null : said;
            }, CancellationToken.None);
        }
        node.Model = whole;
        await node.ApplyAsync();
        await mesh.WholeAsync();
    }

    private static bool IsSo(System.Text.Json.JsonElement path, int med, string? community) =>
        path.TryGetProperty("metric", out var metric) && metric.GetInt32() == med
        && (path.TryGetProperty("community", out var told) ? told.GetProperty("string").GetString() : null) == community;

    [Theory]
    [InlineData("router bgp {{ asn }}\n bgp no-such-command\nexit\n", "no-such-command")]
    [InlineData("ip prefix-list X seq 5 permit 10.0.0.0/24 ge 8\n", "Invalid prefix range")]
    public async Task Template_ThatFrrRefuses_LeavesTheLastConfigurationAndSays(string extra, string reason)
    {
        var node = mesh.Node(2);
        var directory = Directory.CreateTempSubdirectory("t-routing-").FullName;
        await File.WriteAllTextAsync($"{directory}/bgpd.extra.conf.liquid", extra);
        var before = await ConfigurationAsync(node);
        var refused = await Assert.ThrowsAsync<RoutingException>(() => node.ApplyAsync(FrrTemplateSet.Load(directory)));
        Directory.Delete(directory, recursive: true);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await ConfigurationAsync(node));
        Assert.Equal(new ApplyResult(0, Restarted: false), await node.ApplyAsync());
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task RouteOfTheMachine_ToThePrefixOfAPeer_IsSaidUntilItIsGone()
    {
        var node = mesh.Node(2);
        var other = new RouteInfo { Destination = IPNetwork.Parse("10.64.3.0/24"), OutputLink = node.Netlink.GetLink("docker0").Index, Protocol = RouteProtocols.Static };
        Assert.Empty((await node.Client.GetStatusAsync()).Conflicts);
        node.Netlink.ReplaceRoute(other);
        await Until.NothingIsMissingAsync("it is said", TimeSpan.FromSeconds(40), async () =>
            (await node.Client.GetStatusAsync()).Conflicts is [{ Prefix: "10.64.3.0/24", By: "kernel", Interface: "docker0" }] ? null : await node.VtyshAsync("show ip route 10.64.3.0/24 json"), CancellationToken.None);
        node.Netlink.DeleteRoute(other);
        await Until.TrueAsync("nothing is said any longer", TimeSpan.FromSeconds(40), async () => (await node.Client.GetStatusAsync()).Conflicts.IsEmpty);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Snippets_OneAtEachPlace_AreTakenWithoutAResetAndGoAsTheyCame()
    {
        var node = mesh.Node(2);
        var directory = Directory.CreateTempSubdirectory("t-routing-").FullName;
        OneOfEach.Write(directory);
        var (before, since) = (await ConfigurationAsync(node), await EstablishedAsync(node));

        Assert.False((await node.ApplyAsync(FrrTemplateSet.Load(directory))).Restarted);
        var now = await ConfigurationAsync(node);
        foreach (var line in (string[])["route-map OF-ZEBRA permit 10", "profile SNIPPET", "call SLOW", "set community 65000:2 additive", "bgp default local-preference 123", "network 10.99.0.0/24",
            "network fd99::/64", "neighbor mo-00000001 description n1", "neighbor mo-00000001 weight 7", "neighbor mo-00000001 weight 8"]) Assert.Contains(line, now);
        Assert.Contains(now, line => line.StartsWith("bgp community-list standard SLOW", StringComparison.Ordinal));

        Directory.Delete(directory, recursive: true);
        Assert.False((await node.ApplyAsync()).Restarted);
        Assert.Equal(before, await ConfigurationAsync(node));
        Assert.Equal(since, await EstablishedAsync(node));
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Difference_ToolFails_FrrGoesForwardToTheNewConfiguration()
    {
        var (node, whole) = (mesh.Node(2), mesh.Node(2).Model);
        // With a route-map of its own: a bare prefix is told to bgpd without vtysh.
        node.Model = whole with { Networks = [.. whole.Networks, new Announcement(IPNetwork.Parse("10.64.2.192/26")) { Med = 5 }] };
        (await node.DaemonAsync("bgpd")).Signal(Stop);
        var applying = node.ApplyAsync();
        ProcessIdentity? vtysh = null;
        await Until.TrueAsync("vtysh waits for bgpd", TimeSpan.FromSeconds(10), () => (vtysh = VtyshThatConfigures(node)) is not null);
        vtysh!.Kill();
        Assert.True((await applying).Restarted);
        Assert.Contains(await ConfigurationAsync(node), l => l.StartsWith("network 10.64.2.192/26 ", StringComparison.Ordinal));
        Assert.Equal(new ApplyResult(0, Restarted: false), await node.ApplyAsync());
        node.Model = whole;
        Assert.False((await node.ApplyAsync()).Restarted);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Neighbour_DiesAfterItsFrrDied_ItsRoutesAreDroppedAndComeBackWithIt()
    {
        var (node, dead) = (mesh.Node(3), mesh.Node(4));
        dead.Supervisor!.Kill();
        await Task.WhenAll(dead.FrrProcessScanIn().Ours.Values.Select(d => { d.Kill(); return d.WaitForExitAsync(); }));
        await Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System);
        Assert.Contains("10.64.4.0/24", node.BgpRoutes().Keys); // it forwards on
        foreach (var peer in mesh.Nodes.Where(n => n != dead)) dead.Netlink.DeleteAddress(dead.Netlink.GetAddresses(dead.Netlink.GetLink(dead.LinkTo(peer)).Index).Single());
        await Until.TrueAsync("nobody sends to it any longer", TimeSpan.FromSeconds(3), () => mesh.Nodes.Where(n => n != dead).All(n => !n.BgpRoutes().ContainsKey("10.64.4.0/24")));
        Assert.DoesNotContain(await ConfigurationAsync(node), l => l.Contains("shutdown", StringComparison.Ordinal));

        foreach (var peer in mesh.Nodes.Where(n => n != dead)) dead.BringUp(peer);
        await dead.StartSupervisorAsync();
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Neighbour_WhoseFrrStaysDeadWhileItsKernelForwards_KeepsItsRoutes()
    {
        var (node, dead) = (mesh.Node(3), mesh.Node(4));
        dead.Supervisor!.Kill();
        foreach (var daemon in dead.FrrProcessScanIn().Ours.Values) daemon.Kill();
        var lost = await FrrMesh.LostAsync(node, dead, 9, () => Task.CompletedTask);
        Assert.Equal(0, lost);
        await dead.StartSupervisorAsync();
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Machine_Stops_NeighboursAreTold()
    {
        var (node, stopped) = (mesh.Node(3), mesh.Node(4));
        var before = await stopped.DaemonAsync("bgpd");
        using (var systemd = new StoppingSystemd())
        {
            await stopped.RestartSupervisorAsync(systemd.Prefix);
            stopped.Supervisor!.Signal(15);
            await stopped.Supervisor.WaitForExitAsync();
        }
        await Until.TrueAsync("nobody sends to it any longer", TimeSpan.FromSeconds(1), () => mesh.Nodes.Where(n => n != stopped).All(n => !n.BgpRoutes().ContainsKey("10.64.4.0/24")));
        Assert.True(before.IsAlive, "FRR is left to the end of the machine");

        await stopped.StartSupervisorAsync(); // it did not stop after all
        Assert.True((await stopped.ApplyAsync()).Restarted);
        await mesh.WholeAsync();
        Assert.Contains("10.64.4.0/24", node.BgpRoutes().Keys);
    }

    [Fact]
    public async Task SourceAddress_RemovedByHandAndPutBack_TheToggleBringsTheRoutesBack()
    {
        var node = mesh.Node(3);
        var address = node.Netlink.GetAddresses(node.Netlink.GetLink("lo").Index).Single(a => a.Address.Equals(node.Model.Source4));
        node.Netlink.DeleteAddress(address);
        await Until.TrueAsync("the kernel flushes the routes", TimeSpan.FromSeconds(5), () => !node.BgpRoutes().ContainsKey("10.64.4.0/24"));
        node.Netlink.ReplaceAddress("lo", node.Model.Source4, 32);
        await node.Client.ToggleSourceRouteMapAsync();
        await mesh.WholeAsync();
        Assert.Equal(node.Model.Source4, node.BgpRoutes()["10.64.4.0/24"]);
    }

    [Fact]
    public async Task Links_MadeWhileZebraStarts_AreKnownToItWithTheirAddresses()
    {
        var node = mesh.Node(4);
        var restarts = (await node.Client.GetStatusAsync()).Restarts;
        (await node.DaemonAsync("zebra")).Kill();
        await Until.TrueAsync("the death is noticed", TimeSpan.FromSeconds(5), async () => (await node.Client.GetStatusAsync()).Restarts > restarts);
        await Until.TrueAsync("zebra starts", TimeSpan.FromSeconds(10), () => node.FrrProcessScanIn().Ours.ContainsKey("zebra"));
        string[] made = [.. Enumerable.Range(0x100, 150).Select(peer => node.MakeLink((uint)peer))];
        await Until.TrueAsync("FRR runs again", TimeSpan.FromSeconds(20), async () => await node.StateAsync() == RoutingState.Running);

        await Until.TrueAsync("zebra knows both addresses of each link", TimeSpan.FromSeconds(20), async () => await KnowsAsync(node, made));

        foreach (var link in made) node.Netlink.DeleteLink(link);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task Link_OfANodeThatLeft_IsForgottenByZebra()
    {
        var (node, whole) = (mesh.Node(2), mesh.Node(2).Model);
        var gone = node.MakeLink(0x200);
        node.Model = whole.With([.. whole.Neighbors, Models.Neighbor(0x200)]);
        await node.ApplyAsync();
        node.Model = whole;
        await node.ApplyAsync();
        node.Netlink.DeleteLink(gone);
        var other = node.MakeLink(0x201); // zebra is looked at when an address comes
        await Until.TrueAsync("zebra forgets it", TimeSpan.FromSeconds(10), async () => !ZebraInterfaces.Parse(await node.VtyshAsync("show interface json")).ContainsKey(gone));
        node.Netlink.DeleteLink(other);
        await mesh.WholeAsync();
    }

    [Fact]
    public async Task SecondSupervisor_ForTheSameNode_IsRefused()
    {
        var node = mesh.Node(2);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var second = await Assert.ThrowsAsync<RoutingException>(() =>
            RoutingDaemon.RunAsync(node.Options, NullLoggerFactory.Instance, TimeProvider.System, patience.Token));
        Assert.Contains("already serves", second.Message, StringComparison.Ordinal);
        Assert.Equal(RoutingState.Running, await node.StateAsync());
    }

    /// <summary>The vtysh that gives this node's bgpd its lines.</summary>
    private static ProcessIdentity? VtyshThatConfigures(FrrNode node) => Directory.EnumerateDirectories("/proc")
        .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? ProcessIdentity.TryFind(pid) : null)
        .OfType<ProcessIdentity>()
        .FirstOrDefault(process => Arguments(process) is [var program, .. var rest] && program.EndsWith("vtysh", StringComparison.Ordinal)
            && rest.Contains(node.Options.FrrSockets) && rest.Contains("bgpd") && rest.Contains("-f") && !rest.Contains("-C"));

    private static string[] Arguments(ProcessIdentity process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return []; // it ended meanwhile
        }
    }

    private static async Task<bool> KnowsAsync(FrrNode node, IEnumerable<string> links)
    {
        var known = ZebraInterfaces.Parse(await node.VtyshAsync("show interface json"));
        return links.All(link => known.TryGetValue(link, out var addresses) && addresses.Count == 2);
    }

    /// <summary>How often each session came up and went, by neighbour: uptimes move on, these stay.</summary>
    private static async Task<string[]> EstablishedAsync(FrrNode node)
    {
        var json = await node.VtyshAsync("show bgp ipv4 unicast summary json");
        return [.. json.Split('\n').Where(l => l.Contains("\"mo-", StringComparison.Ordinal) || l.Contains("connectionsEstablished", StringComparison.Ordinal) || l.Contains("connectionsDropped", StringComparison.Ordinal)).Select(l => l.Trim()).Chunk(3).Select(c => string.Join(' ', c))];
    }

    private static async Task<string[]> ConfigurationAsync(FrrNode node) =>
        [.. (await node.VtyshAsync("show running-config")).Split('\n').Select(l => l.Trim()).Where(l => l.Length > 1).Order(StringComparer.Ordinal)];
}
