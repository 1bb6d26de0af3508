using System.Diagnostics;
using System.Net;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.LabTests.Routing;
using Meshover.Linux.Netlink;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// The speakers that clusters run on a node, dialling the agent: BIRD as Calico has it, FRR (8.4 and 10.3) as MetalLB has it, GoBGP as Cilium and MetalLB have it built in.
/// </summary>
public sealed class SpeakerSourceTests : IDisposable
{
    private const string Listen = "127.0.0.1:1790";
    private const string Source = $"bgp {Listen}";
    private const string Room = "/run/speakers";
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;
    private readonly StartedPrograms _started = new();

    public void Dispose() => _started.Dispose();

    [Fact]
    public async Task Speakers_OfTheMachine_AreHeard_AndTheFarNodeHasWhatTheyTell()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, new TestProgress(), _ct);
        // Before the mesh ends, which would end them and hear of it in their parent's place.
        using var started = _started;
        await mesh.SettledAsync(_ct);
        var (node, far) = (mesh.Node(1), mesh.Node(2));
        await mesh.GrantAsync(1, "10.244.0.0/16", 32, _ct);
        await mesh.GrantAsync(1, "fd44::/48", 128, _ct);
        (await node.UpAsync(input: null, ["--announce-bgp", Listen], _ct)).Checked();
        await node.SaysAsync(Source, "no speaker has told a prefix; no speaker is connected", _ct);
        (await node.Machine.RunAsync("install", ["-d", "-m", "0777", Room], _ct)).Checked();

        await WhoMayNotSpeakIsRefusedAsync(node, far);
        await BirdTellsAsync(node, "10.244.1.0/26", "10.244.1.64/26", "10.99.0.0/24");
        await far.RoutedAsync(true, "10.244.1.0/26", "10.244.1.64/26");
        await far.RoutedAsync(false, "10.99.0.0/24");
        Assert.Contains((await node.StatusAsync(_ct)).Notices, notice => notice.StartsWith($"{Source}: 10.99.0.0/24 is not granted, and so not announced.", StringComparison.Ordinal));
        await FrrRestartsGracefullyAsync(node, far, new Bgpd("bgpd", 64513, "192.0.2.77", "10.244.2.1/32", System: null));
        await FrrRestartsGracefullyAsync(node, far, new Bgpd("bgpd-10", 64515, "192.0.2.79", "10.244.5.1/32", OtherSystem.WithFrr(Frr10Mesh.Release)));
        await GoBgpTellsAsync(node, far);
        await TheAgentThatIsBackFindsWhatHappenedAsync(node, far);

        await SaysOfAsync(node, "AS 64512 (192.0.2.1) is connected");
        Kill(node, "bird");
        await far.RoutedAsync(false, "10.244.1.0/26");
        (await node.UpAsync(input: null, ["--announce-bgp", ""], _ct)).Checked();
        await far.RoutedAsync(false, "10.244.2.1/32", "10.244.3.0/24", "fd44:0:0:3::/64");
    }

    private async Task WhoMayNotSpeakIsRefusedAsync(LabNode node, LabNode far)
    {
        var answer = await node.Machine.RunAsync("setpriv", ["--reuid", "nobody", "--clear-groups", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/1790; timeout 5 cat <&3 | wc -c"], _ct);
        Assert.Equal("0", answer.Output.Trim());
        await node.SaysAsync(Source, "no speaker has told a prefix; no speaker is connected; a connection was refused: user 65534 is no system user (root, or a number below 1000)", _ct);
        (await node.Machine.RunAsync("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/1790; printf 'GET /index.html HTTP/1.1\\r\\n\\r\\n' >&3; timeout 5 cat <&3 >/dev/null"], _ct)).Checked();
        await node.SaysAsync(Source, "no speaker has told a prefix; no speaker is connected; the last session ended: it does not speak BGP", _ct);
        // Nobody on the underlay finds anything there.
        Assert.NotEqual(0, (await far.Machine.RunAsync("timeout", ["2", "bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/1790"], _ct)).ExitCode);
    }

    private async Task BirdTellsAsync(LabNode node, params string[] routes)
    {
        await WriteAsync(node, "bird.conf", $$"""
            router id 192.0.2.1;
            protocol device { }
            protocol static { ipv4; {{string.Concat(routes.Select(route => $"route {route} blackhole; "))}} }
            protocol bgp meshover {
              local 192.0.2.1 as 64512; # of the node: BIRD announces no next hop that is the neighbour itself
              neighbor 127.0.0.1 port 1790 as 64999;
              multihop;
              connect delay time 1; connect retry time 2; error wait time 1, 2;
              ipv4 { import none; export where source = RTS_STATIC; };
            }

            """);
        Start(node, "bird", "-f", "-u", "bird", "-g", "bird", "-c", $"{Room}/bird.conf", "-s", $"{Room}/bird.ctl", "-P", $"{Room}/bird.pid");
        await SaysOfAsync(node, "AS 64512 (192.0.2.1) is connected");
    }

    /// <summary>A speaker that ends and says that it restarts gracefully loses nothing of what it tells again.</summary>
    private async Task FrrRestartsGracefullyAsync(LabNode node, LabNode far, Bgpd bgpd)
    {
        (await node.Machine.RunAsync("install", ["-d", "-o", "frr", "-g", "frr", $"{Room}/{bgpd.Name}"], _ct)).Checked();
        await WriteAsync(node, $"{bgpd.Name}.conf", $"""
            router bgp {bgpd.As}
             bgp router-id {bgpd.Id}
             bgp graceful-restart
             no bgp ebgp-requires-policy
             no bgp network import-check
             neighbor 127.0.0.1 remote-as 64999
             neighbor 127.0.0.1 port 1790
             neighbor 127.0.0.1 disable-connected-check
             neighbor 127.0.0.1 timers connect 1
             address-family ipv4 unicast
              network {bgpd.Prefix}

            """);
        var first = StartBgpd(node, bgpd);
        await far.RoutedAsync(true, bgpd.Prefix);
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        first.Kill(entireProcessTree: true);
        await first.WaitForExitAsync(_ct);
        await SaysOfAsync(node, $"AS {bgpd.As} ({bgpd.Id}) is away");
        StartBgpd(node, bgpd);
        await SaysOfAsync(node, $"AS {bgpd.As} ({bgpd.Id}) is connected");
        await far.RoutedAsync(true, bgpd.Prefix);
        await monitor.NeverGoneAsync(_ct, bgpd.Prefix);
    }

    private async Task GoBgpTellsAsync(LabNode node, LabNode far)
    {
        await WriteAsync(node, "gobgp.toml", """
            [global.config]
            as = 64514
            router-id = "192.0.2.78"
            port = -1
            [[neighbors]]
            [neighbors.config]
            neighbor-address = "127.0.0.1"
            peer-as = 64999
            [neighbors.transport.config]
            remote-port = 1790
            [neighbors.timers.config]
            connect-retry = 1
            idle-hold-time-after-reset = 1
            [[neighbors.afi-safis]]
            [neighbors.afi-safis.config]
            afi-safi-name = "ipv4-unicast"
            [[neighbors.afi-safis]]
            [neighbors.afi-safis.config]
            afi-safi-name = "ipv6-unicast"

            """);
        Start(node, "gobgpd", "-t", "toml", "-f", $"{Room}/gobgp.toml", "--api-hosts", "127.0.0.1:50051", "--pprof-disable");
        await Until.TrueAsync("GoBGP answers", SourceBed.Patience, async () => (await node.Machine.RunAsync("gobgp", ["global"], _ct)).ExitCode == 0);
        await GoBgpAsync(node, "add", "10.244.3.0/24");
        await GoBgpAsync(node, "add", "10.244.4.0/24");
        (await node.Machine.RunAsync("gobgp", ["global", "rib", "-a", "ipv6", "add", "fd44:0:0:3::/64", "nexthop", "fd64:1::1"], _ct)).Checked();
        await far.RoutedAsync(true, "10.244.3.0/24", "10.244.4.0/24", "fd44:0:0:3::/64");
        await GoBgpAsync(node, "del", "10.244.4.0/24");
        await far.RoutedAsync(false, "10.244.4.0/24");
    }

    /// <summary>What the speakers told holds while they dial anew, and what they tell no more is taken back then.</summary>
    private async Task TheAgentThatIsBackFindsWhatHappenedAsync(LabNode node, LabNode far)
    {
        // What a crash may lose is what is newer than the file.
        await Until.NothingIsMissingAsync("what was told is on the disk", SourceBed.Patience, async () =>
            (await node.Machine.RunAsync("cat", ["/var/lib/meshover/speakers.json"], _ct)).Output is var kept && kept.Contains("fd44:0:0:3::/64", StringComparison.Ordinal) && !kept.Contains("10.244.4.0/24", StringComparison.Ordinal) ? null : kept, _ct);
        using var monitor = RouteMonitor.OpenIn(far.Machine.NetworkPath, new RouteMonitorOptions { Links = false, Addresses = false, Rules = false });
        using var dead = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var killing = node.KeepDeadAsync("agent", dead.Token);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
        Kill(node, "bird");
        await BirdIsStartedAgainAsync(node);
        await dead.CancelAsync();
        await killing;
        await far.RoutedAsync(false, "10.244.1.64/26");
        await far.RoutedAsync(true, "10.244.1.0/26", "10.244.2.1/32", "10.244.3.0/24", "fd44:0:0:3::/64");
        await monitor.NeverGoneAsync(_ct, "10.244.2.1/32", "10.244.3.0/24", "fd44:0:0:3::/64");
    }

    private Task<TimeSpan> SaysOfAsync(LabNode node, string speaker) => Until.NothingIsMissingAsync(speaker, SourceBed.Patience, async () =>
    {
        var said = await node.SourceAsync(Source, _ct);
        return said?.Contains(speaker, StringComparison.Ordinal) == true ? null : said;
    }, _ct);

    private async Task BirdIsStartedAgainAsync(LabNode node)
    {
        (await node.Machine.RunAsync("sed", ["-i", "s,route 10.244.1.64/26 blackhole;,,", $"{Room}/bird.conf"], _ct)).Checked();
        Start(node, "bird", "-f", "-u", "bird", "-g", "bird", "-c", $"{Room}/bird.conf", "-s", $"{Room}/bird.ctl", "-P", $"{Room}/bird.pid");
    }

    private async Task GoBgpAsync(LabNode node, string what, string prefix) => (await node.Machine.RunAsync("gobgp", ["global", "rib", what, prefix], _ct)).Checked();

    private async Task WriteAsync(LabNode node, string file, string text) => (await node.Machine.RunAsync("tee", [$"{Room}/{file}"], text, _ct)).Checked();

    private Process StartBgpd(LabNode node, Bgpd bgpd)
    {
        string[] command =
        [
            .. bgpd.System is null ? [] : OtherSystem.Prefix(bgpd.System), "/usr/lib/frr/bgpd", "--no_zebra", "-p", "0", "-i", $"{Room}/{bgpd.Name}.pid",
            "--vty_socket", $"{Room}/{bgpd.Name}", "-P", "0", "-f", $"{Room}/{bgpd.Name}.conf",
        ];
        return Start(node, command[0], command[1..]);
    }

    /// <param name="System">Whose FRR it is; null: this machine's.</param>
    private sealed record Bgpd(string Name, uint As, string Id, string Prefix, string? System);

    private Process Start(LabNode node, string program, params string[] arguments)
    {
        var process = Process.Start(node.Machine.Command(program, arguments)) ?? throw new InvalidOperationException($"{program} did not start");
        _started.Add(process);
        return process;
    }

    private sealed class StartedPrograms : IDisposable
    {
        private readonly List<Process> _programs = [];

        public void Add(Process program) => _programs.Add(program);

        public void Dispose()
        {
            foreach (var program in _programs)
            {
                program.Kill(entireProcessTree: true);
                program.WaitForExit();
                program.Dispose();
            }
            _programs.Clear();
        }
    }

    private static void Kill(LabNode node, string name)
    {
        foreach (var (id, _) in MachineProcesses.Of(node.Machine).Where(process => process.Name == name))
            ProcessIdentity.TryFind(id)?.Signal(9);
    }
}
