using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Reconciling;
using Meshover.LabTests.Cli;
using Meshover.LabTests.Linux;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Linux.Sysctl;
using Meshover.UnitTests.Agent.Reconciling;
using Xunit;

namespace Meshover.LabTests.Agent.Reconciling;

/// <summary>The reconciler on a real kernel: bridges stand for the interfaces that the data plane makes.</summary>
public sealed class KernelReconcilerTests : IDisposable
{
    private const string Link = KernelPlans.Link;
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;
    private readonly TestNamespace _here = new();
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("t-linux-");
    private readonly DirectoryInfo _runtime = Directory.CreateTempSubdirectory("t-linux-");
    private readonly SourceRouteDebt _debt;
    private readonly KernelReconciler _reconciler;

    public KernelReconcilerTests()
    {
        _debt = new SourceRouteDebt(_runtime.FullName);
        _reconciler = new KernelReconciler(new KernelReconcilerOptions { NamespacePath = _here.Path, StateDirectory = _state.FullName, SourceRoutes = _debt });
        // The underlay: a link with an on-link route and a default, IPv4 and IPv6, and strict reverse path filtering.
        _here.Netlink.CreateLink(LinkSpec.Veth("eth0", "eth1"));
        foreach (var end in new[] { "eth0", "eth1" })
        {
            // Else addresses would still come up, by duplicate address detection, while a test compares before and after.
            _here.Netlink.SetLink(end, new LinkChange { AddressGeneration = AddressGenerationMode.None });
            _here.Netlink.SetUp(end);
        }

        _here.Netlink.ReplaceAddress("eth0", IPAddress.Parse("fe80::aa"), 64);
        _here.Run(() => SysctlFile.Write("net.ipv4.conf.all.rp_filter", "1"));
        _here.Netlink.ReplaceAddress("eth0", IPAddress.Parse("192.0.2.1"), 24);
        _here.Netlink.ReplaceAddress("eth0", IPAddress.Parse("2001:db8::1"), 64);
        AddDefault("192.0.2.254", "0.0.0.0/0");
        AddDefault("2001:db8::ff", "::/0");
    }

    public void Dispose()
    {
        _reconciler.Dispose();
        _here.Dispose();
        _state.Delete(recursive: true);
        _runtime.Delete(recursive: true);
    }

    [Fact]
    public async Task Reconcile_Everything_IsThereAndASecondPassChangesNothing()
    {
        MakeDataPlaneLinks();
        var report = await ReconcileAsync();
        var owed = _debt.Owed;
        Assert.NotNull(owed);
        Assert.Equal(ComponentState.Ok, report.State);

        Assert.Contains(Addresses("meshover-lo"), a => a == "10.249.0.1/32");
        Assert.Contains(Addresses("meshover-lo"), a => a == "fd00::1/128");
        Assert.Equal(["198.18.0.1/32"], Addresses("meshover0"));
        Assert.Equal(["10.249.0.1/32", "fe80::1/64"], Addresses(Link));
        Assert.Equal(1396, _here.Netlink.GetLink(Link).Mtu);
        Assert.Equal("1", Sysctl("net.ipv4.conf.all.forwarding"));
        Assert.Equal("1", Sysctl("net.ipv6.conf.all.forwarding"));
        Assert.Equal("2", Sysctl("net.ipv4.conf.eth0.rp_filter"));
        Assert.Equal("2", Sysctl($"net.ipv4.conf.{Link}.rp_filter"));
        Assert.Equal("0", Sysctl($"net.ipv6.conf.{Link}.accept_ra"));
        Assert.Equal(4, _here.Netlink.GetRules().Count(rule => rule.Protocol == 112 && rule.Priority is 32764 or 32765));
        Assert.Equal(["0.0.0.0/0", "192.0.2.0/24"], Mirror(AddressFamily.InterNetwork));
        Assert.Equal(["2001:db8::/64", "::/0", "fe80::/64"], Mirror(AddressFamily.InterNetworkV6).Order(StringComparer.Ordinal));

        var again = await ReconcileAsync();
        Assert.Empty(again.Changes);
        Assert.Equal(owed, _debt.Owed);
    }

    [Fact]
    public async Task Reconcile_WithoutTheDataPlane_DoesTheRestAndWaits()
    {
        var report = await ReconcileAsync();
        Assert.Equal(ComponentState.Starting, report.State);
        Assert.Equal(["10.249.0.1/32", "fd00::1/128"], Addresses("meshover-lo"));
    }

    [Fact]
    public async Task Reconcile_EachThingRemovedByHand_IsPutBack()
    {
        MakeDataPlaneLinks();
        await ReconcileAsync();
        var before = await SettledSnapshotAsync();
        foreach (var (what, remove) in Removals())
        {
            remove(_here.Netlink);
            Assert.NotEqual(before, Snapshot());
            var report = await ReconcileAsync();
            var after = await SettledSnapshotAsync();
            Assert.True(before == after, $"{what}: {string.Join("; ", report.Changes)}\n--- lost\n{Minus(before, after)}\n--- new\n{Minus(after, before)}");
        }
    }

    [Fact]
    public async Task Reconcile_FirewallFlushed_IsPutBack()
    {
        await ReconcileAsync();
        var nft = new Nft(_here.Path);
        await nft.ApplyAsync("""{"nftables":[{"flush":{"ruleset":null}}]}""", "flush", Ct);
        Assert.Equal(["set nftables table inet meshover"], (await ReconcileAsync()).Changes);
        Assert.Empty((await ReconcileAsync()).Changes);
    }

    [Fact]
    public async Task Undo_LeavesEverythingAsItWas()
    {
        _here.Run(() => SysctlFile.Write("net.ipv4.conf.eth1.forwarding", "1"));
        _here.Netlink.CreateLink(LinkSpec.Bridge("mo-n1"));
        _here.Netlink.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("10.99.0.0/16"), Kind = RouteKind.Unreachable, Protocol = 4 });
        _here.Netlink.AddRule(new RuleInfo { Family = AddressFamily.InterNetwork, Priority = 100, Mark = 0x6d, MarkMask = 0xff, Table = 77 });
        await new Nft(_here.Path).ApplyAsync("""{"nftables":[{"add":{"table":{"family":"inet","name":"other"}}}]}""", "add", Ct);
        var before = await SettledSnapshotAsync();

        MakeDataPlaneLinks();
        await ReconcileAsync();
        var report = await _reconciler.UndoAsync(Ct);

        Assert.Empty(report.Errors);
        Assert.Equal(before, await SettledSnapshotAsync());
        using (var ours = await new Nft(_here.Path).ListTableAsync("inet", "meshover", Ct))
            Assert.Null(ours);
        using (var other = await new Nft(_here.Path).ListTableAsync("inet", "other", Ct))
            Assert.NotNull(other);
        Assert.Empty(_state.GetFiles());
        Assert.Empty((await _reconciler.UndoAsync(Ct)).Changes);
    }

    [Fact]
    public async Task Reconcile_MachineWithIpv6OffForNewLinks_TurnsItOnForOurs()
    {
        _here.Run(() => SysctlFile.Write("net.ipv6.conf.default.disable_ipv6", "1"));
        MakeDataPlaneLinks();
        await ReconcileAsync();
        Assert.Equal(["10.249.0.1/32", "fe80::1/64"], Addresses(Link));
        Assert.Equal(["10.249.0.1/32", "fd00::1/128"], Addresses("meshover-lo"));
    }

    [Fact]
    public async Task Reconcile_OneThingRefused_DoesTheRestAndReports()
    {
        // Below 1280 bytes a link has no IPv6.
        _here.Netlink.CreateLink(LinkSpec.Bridge("meshover-lo"));
        _here.Netlink.SetLink("meshover-lo", new LinkChange { Mtu = 1000 });
        MakeDataPlaneLinks();
        var report = await _reconciler.ReconcileAsync(KernelPlans.OneLink().ForSystem, Ct);
        Assert.Equal(ComponentState.Degraded, report.State);
        Assert.All(report.Errors, error => Assert.Contains("fd00::1/128", error, StringComparison.Ordinal));
        Assert.Equal(["10.249.0.1/32", "fe80::1/64"], Addresses(Link));
        Assert.Equal(4, _here.Netlink.GetRules().Count(rule => rule.Protocol == 112));
    }

    [Fact]
    public async Task Reconcile_UnderlayRoutesChange_TheMirrorFollows()
    {
        await ReconcileAsync();
        AddDefault("192.0.2.253", "203.0.113.0/24");
        _here.Netlink.DeleteAddress(_here.Netlink.GetAddresses().Single(a => a.Address.Equals(IPAddress.Parse("2001:db8::1"))));
        await ReconcileAsync();
        Assert.Equal(["0.0.0.0/0", "192.0.2.0/24", "203.0.113.0/24"], Mirror(AddressFamily.InterNetwork));
        Assert.DoesNotContain("2001:db8::/64", Mirror(AddressFamily.InterNetworkV6));
        Assert.Empty((await ReconcileAsync()).Changes);
    }

    [Fact]
    public async Task Reconcile_RoutesOfEveryKind_AreMirroredAsTheyAreAndStand()
    {
        foreach (var command in (string[])
        [
            "nexthop add id 7 via 192.0.2.9 dev eth0", "nexthop add id 8 via 192.0.2.8 dev eth0", "nexthop add id 9 group 7,3/8", "nexthop add id 10 via fe80::9 dev eth0",
            "route add 10.1.0.0/16 nhid 7", "route add 10.2.0.0/16 nhid 9", "-6 route add 2001:db8:a::/48 nhid 10",
            "route add 10.3.0.0/16 nexthop via 192.0.2.9 weight 3 nexthop via 192.0.2.8",
            "-6 route add 2001:db8:b::/48 nexthop via fe80::8 dev eth0 weight 2 nexthop via fe80::9 dev eth0",
            "route add 10.4.0.0/16 via 192.0.2.9 metric 7", "route append 10.4.0.0/16 via 192.0.2.8 metric 7", "route add 10.4.0.0/16 via 192.0.2.7 metric 8",
            "route add 10.5.0.0/16 via 192.0.2.9 mtu lock 1400 advmss 1000 window 3000", "-6 route add 2001:db8:c::/48 via fe80::9 dev eth0 mtu 1400 hoplimit 9",
            "-6 route add default via fe80::8 dev eth0 metric 5 pref high", "-6 route add default via fe80::9 dev eth0 metric 6 pref low",
            "route add 10.6.0.0/16 via 192.0.2.9 proto bgp", "route add blackhole 10.7.0.0/16",
        ])
        {
            (await Programs.RunAsync("ip", ["-n", _here.Name, .. command.Split(' ')])).Checked();
        }

        await ReconcileAsync();
        foreach (var family in (string[])["-4", "-6"])
        {
            var main = (await RoutesAsync(family, "main")).Replace(" proto bgp", "", StringComparison.Ordinal);
            // Of equal ones the second has the next metric, and so on.
            Assert.Equal(main.Replace("192.0.2.7 dev eth0 metric 8", "192.0.2.7 dev eth0 metric 9", StringComparison.Ordinal)
                .Replace("192.0.2.8 dev eth0 metric 7", "192.0.2.8 dev eth0 metric 8", StringComparison.Ordinal), await RoutesAsync(family, "7401"));
        }

        Assert.Empty((await ReconcileAsync()).Changes);
    }

    [Fact]
    public async Task Reconcile_OneOfManyRoutesChanges_ThatAloneIsSetWithoutADumpOfAll()
    {
        await ReconcileAsync();
        await ReconcileAsync();
        var before = _here.Netlink.GetRoutes(new RouteFilter { Table = 7401 }).Count;
        AddDefault("192.0.2.253", "203.0.113.0/24");
        Assert.Equal(["add route 203.0.113.0/24 via 192.0.2.253 dev eth0 table 7401"], (await ReconcileAsync()).Changes);
        AddDefault("192.0.2.252", "203.0.113.0/24"); // in its place
        Assert.Equal(
            ["remove route 203.0.113.0/24 via 192.0.2.253 dev eth0 table 7401", "add route 203.0.113.0/24 via 192.0.2.252 dev eth0 table 7401"],
            (await ReconcileAsync()).Changes);
        _here.Netlink.DeleteRoute(_here.Netlink.GetRoutes(new RouteFilter { Table = 7401 }).Single(route => route.Destination.ToString() == "203.0.113.0/24"));
        Assert.Single((await ReconcileAsync()).Changes);
        _here.Netlink.DeleteRoute(_here.Netlink.GetRoutes(new RouteFilter { Table = RouteInfo.MainTable }).Single(route => route.Destination.ToString() == "203.0.113.0/24"));
        Assert.Equal(["remove route 203.0.113.0/24 via 192.0.2.252 dev eth0 table 7401"], (await ReconcileAsync()).Changes);
        Assert.Equal(before, _here.Netlink.GetRoutes(new RouteFilter { Table = 7401 }).Count);
        // Linux says nothing of the routes that go with a link.
        _here.Netlink.SetLink("eth0", new LinkChange { Up = false });
        await ReconcileAsync();
        Assert.Empty(Mirror(AddressFamily.InterNetwork));
    }

    [Fact]
    public async Task Reconcile_DefaultRouteBehindMain_MarkedPacketsTakeIt()
    {
        _here.Netlink.DeleteRoute(_here.Netlink.GetRoutes().First(r => r.Table == RouteInfo.MainTable && r.Destination.PrefixLength == 0 && !r.IsIPv6));
        (await Programs.RunAsync("ip", ["-n", _here.Name, .. "route add default via 192.0.2.254 table default".Split(' ')])).Checked();
        await ReconcileAsync();
        Assert.Equal(SocketError.Success, _here.Run(() => TrySend("198.51.100.7", mark: 0x6d)));
        Assert.Empty((await ReconcileAsync()).Changes);

        await _reconciler.UndoAsync(Ct);
        Assert.DoesNotContain(_here.Netlink.GetRules(), rule => rule.Protocol == 112);
    }

    [Fact]
    public async Task Reconcile_ARuleOfOursChanged_IsKnownByTheFingerprint()
    {
        await ReconcileAsync();
        var nft = new Nft(_here.Path);
        await nft.ApplyAsync("""{"nftables":[{"flush":{"chain":{"family":"inet","table":"meshover","name":"fingerprint"}}}]}""", "flush", Ct);
        Assert.Equal(["set nftables table inet meshover"], (await ReconcileAsync()).Changes);
        Assert.Empty((await ReconcileAsync()).Changes);

        var plan = KernelPlans.OneLink().ForSystem;
        await _reconciler.ReconcileAsync(plan with { Kernel = plan.Kernel with { Firewall = false } }, Ct);
        using var gone = await nft.ListTableAsync("inet", "meshover", Ct);
        Assert.Null(gone);
    }

    [Fact]
    public async Task Undo_ForwarderThatCameLater_KeepsForwardingAndSaysSo()
    {
        await ReconcileAsync();
        _here.Netlink.CreateLink(LinkSpec.Bridge("docker0"));
        _here.Netlink.ReplaceAddress("docker0", IPAddress.Parse("172.17.0.1"), 16);
        var report = await _reconciler.UndoAsync(Ct);
        Assert.Empty(report.Errors);
        Assert.Equal(("1", "0"), (Sysctl("net.ipv4.conf.all.forwarding"), Sysctl("net.ipv6.conf.all.forwarding")));
        Assert.Contains("docker0", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reconcile_LearnedRouteThatCoversAPeer_MarkedPacketsTakeTheUnderlayOrNothing()
    {
        await ReconcileAsync();
        _here.Netlink.ReplaceRoute(new RouteInfo { Destination = IPNetwork.Parse("198.51.100.0/24"), Kind = RouteKind.Unreachable, Protocol = RouteProtocols.Bgp });
        Assert.Empty((await ReconcileAsync()).Changes);

        Assert.Equal(SocketError.HostUnreachable, _here.Run(() => TrySend("198.51.100.7", mark: 0)));
        Assert.Equal(SocketError.Success, _here.Run(() => TrySend("198.51.100.7", mark: 0x6d)));

        _here.Netlink.DeleteRoute(_here.Netlink.GetRoutes().First(r => r.Table == RouteInfo.MainTable && r.Destination.PrefixLength == 0 && !r.IsIPv6));
        await ReconcileAsync();
        Assert.Equal(SocketError.AccessDenied, _here.Run(() => TrySend("198.51.100.7", mark: 0x6d)));
    }

    [Fact]
    public async Task Watch_ThingOfOursRemoved_WakesTheLoop()
    {
        MakeDataPlaneLinks();
        using var monitor = new KernelMonitor(TimeProvider.System, _here.Path);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await ReconcileAsync();
        await using var wakes = monitor.WatchAsync(deadline.Token).GetAsyncEnumerator(deadline.Token);
        Assert.True(await wakes.MoveNextAsync());

        _here.Netlink.DeleteRule(_here.Netlink.GetRules().First(rule => rule.Priority == 32764));
        Assert.True(await wakes.MoveNextAsync());
        Assert.True(wakes.Current.HasFlag(KernelChanges.Own));
        Assert.Single((await ReconcileAsync()).Changes);
    }

    private static IEnumerable<(string What, Action<RouteNetlink> Remove)> Removals()
    {
        yield return ("the loopback", n => n.DeleteLink("meshover-lo"));
        yield return ("a node address", n => n.DeleteAddress(n.GetAddresses(n.GetLink("meshover-lo").Index).Single(a => a.Address.Equals(IPAddress.Parse("10.249.0.1")))));
        yield return ("the link-local address", n => n.DeleteAddress(n.GetAddresses(n.GetLink(Link).Index).Single(a => a.Address.IsIPv6LinkLocal)));
        yield return ("the link set down", n => n.SetLink(Link, new LinkChange { Up = false }));
        yield return ("the MTU", n => n.SetLink(Link, new LinkChange { Mtu = 1400 }));
        yield return ("the tunnel address", n => n.DeleteAddress(n.GetAddresses(n.GetLink("meshover0").Index).Single()));
        yield return ("the tunnel device set down", n => n.SetLink("meshover0", new LinkChange { Up = false }));
        yield return ("an unreachable route", n => n.DeleteRoute(n.GetRoutes().First(r => r.Kind == RouteKind.Unreachable && r.Protocol == 112)));
        yield return ("all of the mirror", n => n.GetRoutes(new RouteFilter { Table = 7401 }).Reverse().ToList().ForEach(n.DeleteRoute));
        yield return ("every rule", n => n.GetRules().Where(r => r.Protocol == 112).ToList().ForEach(n.DeleteRule));
    }

    private async Task<ReconcileReport> ReconcileAsync()
    {
        var report = await _reconciler.ReconcileAsync(KernelPlans.OneLink().ForSystem, Ct);
        Assert.Empty(report.Errors);
        return report;
    }

    private void MakeDataPlaneLinks()
    {
        foreach (var name in new[] { "meshover0", Link })
        {
            _here.Netlink.CreateLink(LinkSpec.Bridge(name));
            _here.Netlink.SetUp(name);
        }
    }

    private static SocketError TrySend(string address, int mark)
    {
        const int levelSocket = 1, socketMark = 36;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetRawSocketOption(levelSocket, socketMark, BitConverter.GetBytes(mark));
        try
        {
            socket.Connect(IPAddress.Parse(address), 12912);
            return SocketError.Success;
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode;
        }
    }

    private async Task<string> RoutesAsync(string family, string table) =>
        string.Join('\n', (await Programs.RunAsync("ip", ["-n", _here.Name, "-o", family, "route", "show", "table", table])).Checked().Split('\n')
            .Where(line => !line.Contains("proto kernel", StringComparison.Ordinal) && !line.Contains("proto 112", StringComparison.Ordinal) == (table == "main")
                && !line.Contains("mo-", StringComparison.Ordinal) && !line.Contains("/64", StringComparison.Ordinal) && !line.Contains("192.0.2.0/24", StringComparison.Ordinal))
            .Select(line => line.Replace(" proto 112", "", StringComparison.Ordinal).Replace(" proto static", "", StringComparison.Ordinal).TrimEnd())
            .Order(StringComparer.Ordinal));

    private void AddDefault(string gateway, string destination) => _here.Netlink.ReplaceRoute(new RouteInfo
    {
        Destination = IPNetwork.Parse(destination),
        Gateway = IPAddress.Parse(gateway),
        OutputLink = _here.Netlink.GetLink("eth0").Index,
        Protocol = 4,
    });

    private string[] Addresses(string link) =>
        [.. _here.Netlink.GetAddresses(_here.Netlink.GetLink(link).Index).Select(a => a.ToString()).Order(StringComparer.Ordinal)];

    private string[] Mirror(AddressFamily family) =>
        [.. _here.Netlink.GetRoutes(new RouteFilter { Table = 7401, Family = family }).Select(r => r.Destination.ToString())];

    private string Sysctl(string key) => _here.Run(() => SysctlFile.Read(key));

    // The kernel adds the local and anycast routes of an IPv6 address from a work queue, a moment after the address.
    private async Task<string> SettledSnapshotAsync()
    {
        var last = Snapshot();
        for (var quiet = 0; quiet < 5; quiet++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(30), TimeProvider.System, Ct);
            var now = Snapshot();
            quiet = now == last ? quiet : 0;
            last = now;
        }

        return last;
    }

    // Links by name, so that one made anew is the same; without what the kernel joins and leaves by itself.
    private string Snapshot()
    {
        var names = _here.Netlink.GetLinks().ToDictionary(l => l.Index, l => l.Name);
        var lines = names.Values.Select(name => $"link {name} {_here.Netlink.GetLink(name).IsUp} {_here.Netlink.GetLink(name).Mtu} {_here.Netlink.GetLink(name).AddressGeneration}")
            .Concat(_here.Netlink.GetAddresses().Select(a => $"address {a} {names[a.LinkIndex]} {a.Protocol}"))
            .Concat(_here.Netlink.GetRoutes().Where(r => r.Kind is not (RouteKind.Multicast or RouteKind.Anycast)).Select(r => $"route {r} {r.Protocol}".Replace($"#{r.OutputLink}", names.GetValueOrDefault(r.OutputLink), StringComparison.Ordinal)))
            .Concat(_here.Netlink.GetRules().Select(r => $"rule {r} {r.Protocol}"))
            .Concat(names.Values.SelectMany(Sysctls));
        return string.Join('\n', lines.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    private static string Minus(string lines, string others) => string.Join('\n', lines.Split('\n').Except(others.Split('\n'), StringComparer.Ordinal));

    private IEnumerable<string> Sysctls(string link) =>
        from key in new[] { "net.ipv4.conf.{0}.forwarding", "net.ipv4.conf.{0}.rp_filter", "net.ipv4.conf.{0}.accept_redirects", "net.ipv6.conf.{0}.forwarding", "net.ipv6.conf.{0}.accept_ra" }
        from name in new[] { link, "all", "default" }
        let full = key.Replace("{0}", name, StringComparison.Ordinal)
        select $"sysctl {full} {Sysctl(full)}";
}
