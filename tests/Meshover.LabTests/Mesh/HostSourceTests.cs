using System.Net;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;

namespace Meshover.LabTests.Mesh;

/// <summary>Virtual machines on a bridge of each node, all in one prefix, that keep their addresses wherever they are.</summary>
public sealed class HostSourceTests
{
    private const string Source = "workloads vmbr0";
    private const string Setting = "{interface: vmbr0, prefixes: [10.70.0.0/16, 'fd70::/64'], hosts: true}";
    private const int Moves = 20;

    // One second of a ping that is sent 20 times a second.
    private const int MostLost = 20;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task VirtualMachine_Moves_AndIsFoundAtItsNewPlaceWithinASecond()
    {
        await using var mesh = await MeshAsync();
        using var vm = new TestVm(5);
        await vm.PlugAsync(mesh.Node(1));
        await mesh.Node(3).RoutedAsync(true, vm.Prefixes);
        for (var move = 1; move <= Moves; move++)
            await MoveAsync(mesh, vm, move);

        vm.Unplug();
        await mesh.Node(3).RoutedAsync(false, vm.Prefixes);
        await WhatIsWrongIsSaidAsync(mesh.Node(1));
        await ABridgeWithoutHostsIsAsItWasAsync(mesh.Node(1));
        await DownPutsAllBackAsync(mesh.Node(1));
    }

    [Fact]
    public async Task VirtualMachine_ThatIsSilent_StaysAsLongAsItLives_AndASecondOneOfItsAddressIsNamed()
    {
        await using var mesh = await MeshAsync();
        using var first = new TestVm(6);
        using var second = new TestVm(6);
        await first.PlugAsync(mesh.Node(1));
        await mesh.Node(3).RoutedAsync(true, first.Prefixes);

        await Task.Delay(TimeSpan.FromSeconds(6), TimeProvider.System, _ct); // until then the first one has just come, too
        await second.PlugAsync(mesh.Node(2));
        var plugged = TimeProvider.System.GetTimestamp();
        await Until.NothingIsMissingAsync("the second one is named where packets do not go any more", TimeSpan.FromSeconds(5), async () =>
            await mesh.Node(1).SourceAsync(Source, _ct) is { } said && said.Contains("also at another node, which packets go to: 10.70.0.6 (here 02:00:00:00:", StringComparison.Ordinal) ? null : await mesh.Node(1).SourceAsync(Source, _ct), _ct);
        foreach (var node in mesh.Nodes.Take(2))
            await Until.NothingIsMissingAsync($"{node.Machine.Name} is told of both", TimeSpan.FromSeconds(5), async () => string.Join(" ", (await node.StatusAsync(_ct)).Notices) is var said
                && said.Contains("A host with the address 10.70.0.6 lives at n1 and at n2.", StringComparison.Ordinal) ? null : said, _ct);
        TestContext.Current.TestOutputHelper?.WriteLine($"both were told after {TimeProvider.System.GetElapsedTime(plugged).TotalSeconds:0.0} s");
        var route = await RouteAsync(mesh);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(route, await RouteAsync(mesh)); // it does not flap
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
        }

        second.Unplug();
        await Until.NothingIsMissingAsync("packets go to the first one again", SourceBed.Patience, async () => await RouteAsync(mesh) is var now && now != route && now.Length > 0 ? null : now, _ct);
        await Task.Delay(TimeSpan.FromSeconds(70), TimeProvider.System, _ct); // silent for longer than an entry is reachable (15 to 45 s) and not probed
        await mesh.Node(3).RoutedAsync(true, TimeSpan.FromSeconds(1), first.Prefixes);
        await first.FreezeAsync();
        var gone = await mesh.Node(3).RoutedAsync(false, TimeSpan.FromSeconds(70), first.Prefixes);
        TestContext.Current.TestOutputHelper?.WriteLine($"one that died without a word was gone after {gone.TotalSeconds:0} s");
    }

    private async Task<LabMesh> MeshAsync()
    {
        var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        foreach (var node in mesh.Nodes.Take(2))
        {
            await mesh.GrantAsync(node.Number, "10.70.0.0/16", 32, _ct);
            await mesh.GrantAsync(node.Number, "fd70::/64", 128, _ct);
            await TestVm.AddBridgeAsync(node, _ct);
            (await node.UpAsync(input: null, ["--workloads", Setting], _ct)).Checked();
            await node.SaysAsync(Source, "nobody lives there", _ct);
            await Until.TrueAsync("the bridge hears of who comes", SourceBed.Patience, async () => await SysctlAsync(node, "net.ipv6.conf.vmbr0.accept_untracked_na") == "1");
        }
        return mesh;
    }

    private async Task MoveAsync(LabMesh mesh, TestVm vm, int move)
    {
        var pings = new[] { vm.Address4, vm.Address6 }.Select(address => SteadyPing.Start(mesh.Node(3).Workload, IPAddress.Parse(address), TimeProvider.System)).ToArray();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
        await vm.PlugAsync(mesh.Node(1 + (move % 2)));
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System, _ct);
        foreach (var ping in pings)
        {
            var report = await ping.StopAsync();
            await ping.DisposeAsync();
            TestContext.Current.TestOutputHelper?.WriteLine($"move {move}: {report}");
            Assert.True(report.Sent > 60, $"too few pings to count: {report}");
            Assert.True(report.Lost.Length <= MostLost, $"move {move}: {report}");
        }
        foreach (var node in mesh.Nodes.Take(2))
            Assert.DoesNotContain("also at another node", await node.SourceAsync(Source, _ct), StringComparison.Ordinal);
    }

    private async Task<string> RouteAsync(LabMesh mesh) => (await mesh.Node(3).Machine.RunAsync("ip", ["route", "show", "10.70.0.6/32"], _ct)).Checked();

    private async Task WhatIsWrongIsSaidAsync(LabNode node)
    {
        var refused = await node.UpAsync(input: null, ["--workloads", "{interface: vmbr0, prefixes: [10.70.0.1/16], host: true}"], _ct);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("workloads[0].prefixes: \"10.70.0.1/16\" has bits set beyond its length", refused.Error, StringComparison.Ordinal);
        Assert.Contains("workloads[0].host: there is no such key", refused.Error, StringComparison.Ordinal);
        await node.SaysAsync(Source, "nobody lives there", _ct);
    }

    private async Task ABridgeWithoutHostsIsAsItWasAsync(LabNode node)
    {
        foreach (var (setting, proxy, accept) in new[] { (Setting.Replace("hosts: true", "hosts: false", StringComparison.Ordinal), "0", "0"), (Setting, "1", "2") })
        {
            (await node.UpAsync(input: null, ["--workloads", setting], _ct)).Checked();
            await Until.TrueAsync($"proxy_arp is {proxy}", SourceBed.Patience, async () => await SysctlAsync(node, "net.ipv4.conf.vmbr0.proxy_arp") == proxy);
            await Until.TrueAsync($"arp_accept is {accept}", SourceBed.Patience, async () => await SysctlAsync(node, "net.ipv4.conf.vmbr0.arp_accept") == accept);
        }
    }

    private async Task DownPutsAllBackAsync(LabNode node)
    {
        Assert.Equal("1", await SysctlAsync(node, "net.ipv4.conf.vmbr0.proxy_arp"));
        Assert.NotEqual("0", await SysctlAsync(node, "net.ipv4.neigh.vmbr0.proxy_delay"));
        (await node.MeshoverAsync(["down"], _ct)).Checked();
        Assert.Equal("0", await SysctlAsync(node, "net.ipv4.conf.vmbr0.proxy_arp"));
        Assert.Equal("0", await SysctlAsync(node, "net.ipv4.conf.vmbr0.arp_accept"));
    }

    private async Task<string> SysctlAsync(LabNode node, string key) => (await node.Machine.RunAsync("sysctl", ["-n", key], _ct)).Checked().Trim();
}
