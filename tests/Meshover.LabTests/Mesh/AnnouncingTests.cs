using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Reach;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// Prefixes and floating addresses that are announced on conditions, and draining. n1 and n2 may announce them; the third node's workload pings.
/// Bounds are the promised ones and <see cref="Slack"/>, which is what a busy machine and a look each 50 ms add to a figure.
/// </summary>
public sealed class AnnouncingTests
{
    private const string Floating = "10.9.0.1", Anycast = "10.9.1.1", Plain = "10.9.2.0/24";
    private const int Port = 5080;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>One that has just been declared takes nothing before it knows what BGP has heard of others (DeclaredAnnouncements).</summary>
    private static readonly TimeSpan HeirListens = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(700);
    private static readonly string[] Check = ["--check", $"tcp:127.0.0.1:{Port}", "--interval", "200ms", "--fall", "3", "--rise", "2"];
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory, InlineData(false), InlineData(true)]
    public async Task FloatingAddress_FollowsItsCheckItsNodeAndItsAgent(bool isMixed)
    {
        await using var mesh = await StartAsync(isMixed);
        var (n1, n2) = await ByAgeAsync(mesh);
        await WhatCannotBeIsRefusedAsync(n1, mesh.Node(3));

        using var service2 = Serve(n2);
        var service1 = Serve(n1);
        await AnnounceAsync(n1, [Floating, "--active-standby", .. Check]);
        await IsAsync(n1, Floating, "active");
        await n2.RoutedAsync(isThere: true, $"{Floating}/32");
        await AnnounceAsync(n2, [Floating, "--active-standby", .. Check]);
        await IsAsync(n2, Floating, "standby");
        Assert.True(Holds(n1, Floating));
        Assert.False(Holds(n2, Floating));
        await AnsweredAsync(mesh);
        await Task.Delay(HeirListens, TimeProvider.System, _ct);

        var took = await MovedAsync(mesh, n2, () => service1.Dispose());
        TestContext.Current.TestOutputHelper?.WriteLine($"by its check: {took.TotalMilliseconds:0} ms");
        Assert.True(took <= (Interval * 3) + TimeSpan.FromMilliseconds(500) + Slack, $"failover by check took {took}");
        await IsAsync(n2, Floating, "active");
        await IsAsync(n1, Floating, null);
        await AnnouncedAsync(n1, Floating, isWithdrawn: true);

        // It comes back, and takes nothing from an equal.
        using var again = Serve(n1);
        await AnnouncedAsync(n1, Floating, isWithdrawn: false);
        await IsAsync(n1, Floating, "standby");
        await IsAsync(n2, Floating, "active");

        await ADeadNodeIsLeftAsync(mesh, n1, n2);
        await TheAgentsDeathEndsItAsync(mesh, n1, n2);
    }

    private async Task ADeadNodeIsLeftAsync(LabMesh mesh, LabNode n1, LabNode n2)
    {
        var n3 = mesh.Node(3);
        Cut[] cuts = [];
        await using (var ping = SteadyPing.Start(n3.Workload, IPAddress.Parse(Floating), TimeProvider.System))
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
            cuts = await Task.WhenAll(Cut.BetweenAsync(mesh, n2, n1, onlyIPv6: false, _ct), Cut.BetweenAsync(mesh, n2, n3, onlyIPv6: false, _ct));
            await IsAsync(n1, Floating, "active");
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
            var report = await ping.StopAsync();
            TestContext.Current.TestOutputHelper?.WriteLine($"a node that is cut off: {report}");
            Assert.True(report.LongestGap <= TimeSpan.FromSeconds(1) + Slack, $"{report}");
        }
        // Both had it; of equals the older member keeps it.
        foreach (var cut in cuts)
            await cut.DisposeAsync();
        await IsAsync(n2, Floating, "standby");
        await IsAsync(n1, Floating, "active");
        await Until.TrueAsync("n2 has the address no more", SourceBed.Patience, () => !Holds(n2, Floating));
    }

    private async Task TheAgentsDeathEndsItAsync(LabMesh mesh, LabNode n1, LabNode n2)
    {
        var n3 = mesh.Node(3);
        await AnnounceAsync(n1, [Plain]);
        await n3.RoutedAsync(isThere: true, Plain);
        using var dead = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var killing = n1.KeepDeadAsync("agent", dead.Token);
        await IsAsync(n2, Floating, "active");
        await Until.TrueAsync("n1 has the address no more", SourceBed.Patience, () => !Holds(n1, Floating));
        await AnsweredAsync(mesh);
        // What rests on no agent goes on.
        await n3.RoutedAsync(isThere: true, Plain);
        await dead.CancelAsync();
        await killing;
        await IsAsync(n1, Floating, "standby");
        await Until.NothingIsMissingAsync("the lapse is among n1's events", SourceBed.Patience, async () =>
            (await n1.MeshoverAsync(["events"], _ct)).Output is var events && events.Contains("announcement.lapsed", StringComparison.Ordinal) ? null : events, _ct);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Drain_LosesNothingThatHasASecondOwner_AndIsKept(bool isMixed)
    {
        await using var mesh = await StartAsync(isMixed);
        var ((n1, n2), n3) = (await ByAgeAsync(mesh), mesh.Node(3));
        await AnnounceAsync(n1, [Floating, "--active-standby"]);
        await IsAsync(n1, Floating, "active");
        await n2.RoutedAsync(isThere: true, $"{Floating}/32");
        await AnnounceAsync(n2, [Floating, "--active-standby"]);
        foreach (var node in new[] { n1, n2 })
            await AnnounceAsync(node, [Anycast, "--anycast"]);
        await Until.TrueAsync("both have the anycast address", SourceBed.Patience, () => Holds(n1, Anycast) && Holds(n2, Anycast));
        await n3.RoutedAsync(isThere: true, $"{Floating}/32", $"{Anycast}/32");
        await AnsweredAsync(mesh);

        SteadyPing[] pings = [.. new[] { Floating, Anycast, AddressPlan.Workload4(n1.Number).ToString() }.Select(address => SteadyPing.Start(n3.Workload, IPAddress.Parse(address), TimeProvider.System))];
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _ct);
        (await n1.MeshoverAsync(["drain", "--wait"], _ct)).Checked();
        await IsAsync(n2, Floating, "active");
        await Until.TrueAsync("n1 has neither address any more", SourceBed.Patience, () => !Holds(n1, Floating) && !Holds(n1, Anycast));
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, _ct);
        var reports = await Task.WhenAll(pings.Select(ping => ping.StopAsync()));
        foreach (var report in reports)
            TestContext.Current.TestOutputHelper?.WriteLine($"drain: {report}");
        Assert.All(reports.Take(2), report => Assert.Empty(report.Lost));
        // Of what it alone has: one of ten a second, which is two in a row of twenty, each 50 ms and as much later as this machine takes.
        Assert.True(reports[2].Lost.Length <= 2 && reports[2].LongestGap < TimeSpan.FromMilliseconds(125), $"{reports[2]}");
        foreach (var ping in pings)
            await ping.DisposeAsync();

        // Everybody knows, and what only it has is reached still.
        await Until.NothingIsMissingAsync("n3 shows that n1 is draining", SourceBed.Patience, async () =>
            (await n3.MeshoverAsync(["status", "--json"], _ct)).Output is var said && Peer(said, $"n{n1.Number}").GetProperty("draining").GetBoolean() ? null : said, _ct);
        var listed = (await mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["node", "list"], _ct)).Checked();
        Assert.Contains("online, draining", listed, StringComparison.Ordinal);
        Assert.Contains("node.drained", (await n1.MeshoverAsync(["events"], _ct)).Output, StringComparison.Ordinal);
        Assert.Contains("node.draining", (await n3.MeshoverAsync(["events"], _ct)).Output, StringComparison.Ordinal);
        await n3.RoutedAsync(isThere: true, $"10.64.{n1.Number}.0/24");

        // An agent that starts anew stays drained; `undrain` brings back what is not another's by now.
        await n1.AgentAnewAsync(_ct);
        await Until.NothingIsMissingAsync("n1 is drained again", SourceBed.Patience, async () => await DrainingAsync(n1) is "drained" ? null : await DrainingAsync(n1), _ct);
        (await n1.MeshoverAsync(["undrain"], _ct)).Checked();
        await AnnouncedAsync(n1, Anycast, isWithdrawn: false);
        await Until.TrueAsync("n1 has the anycast address again", SourceBed.Patience, () => Holds(n1, Anycast));
        await IsAsync(n1, Floating, "standby");

        // What is stopped hands over by itself, and leaves nothing behind.
        await using var last = SteadyPing.Start(n3.Workload, IPAddress.Parse(Floating), TimeProvider.System);
        (await n2.MeshoverAsync(["down"], _ct)).Checked();
        await IsAsync(n1, Floating, "active");
        var stopped = await last.StopAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"down: {stopped}");
        Assert.Empty(stopped.Lost);
        Assert.False(Holds(n2, Floating));
    }

    /// <summary>The two that may announce, the one that joined first before the other.</summary>
    private async Task<(LabNode Older, LabNode Younger)> ByAgeAsync(LabMesh mesh)
    {
        var (a, b) = (mesh.Node(1), mesh.Node(2));
        return await AsnAsync(a) < await AsnAsync(b) ? (a, b) : (b, a);
    }

    private async Task<uint> AsnAsync(LabNode node)
    {
        using var status = JsonDocument.Parse((await node.MeshoverAsync(["status", "--json"], _ct)).Output);
        return status.RootElement.GetProperty("node").GetProperty("asn").GetUInt32();
    }

    /// <param name="isMixed">With FRR 8.4 and 10.3.</param>
    private async Task<LabMesh> StartAsync(bool isMixed)
    {
        var options = new LabOptions { Prefix = LabPrefix.Next(), Nodes = 3 };
        var mesh = await LabMesh.StartAsync(isMixed ? options with { Systems = FrrReleaseMesh.Systems } : options, TimeProvider.System, new TestProgress(), _ct);
        try
        {
            await mesh.SettledAsync(_ct);
            foreach (var node in new[] { 1, 2 })
                await mesh.GrantAsync(node, "10.9.0.0/16", 32, _ct);
            await Until.NothingIsMissingAsync("both are granted", SourceBed.Patience, async () =>
                (await Task.WhenAll(new[] { 1, 2 }.Select(node => mesh.Node(node).MeshoverAsync(["status", "--json"], _ct)))).All(said => said.Output.Contains("10.9.0.0/16", StringComparison.Ordinal)) ? null : "not yet", _ct);
            return mesh;
        }
        catch
        {
            await mesh.DisposeAsync();
            throw;
        }
    }

    private async Task WhatCannotBeIsRefusedAsync(LabNode node, LabNode notGranted)
    {
        foreach (var (arguments, code, why) in new (string[], int, string)[]
        {
            ([Floating, "--check", "ftp://x"], 2, "no kind of check that there is"),
            (["10.9.0.1/16"], 2, "10.9.0.0/16"),
            ([Floating, "--check", "tcp:127.0.0.1:1", "--interval", "1s", "--timeout", "2s"], 2, "a check may not take longer (2s) than the time until the next (1s)"),
            ([Floating, "--anycast", "--active-standby"], 2, "contradict each other"),
            ([Floating, "--check", "cmd:no-such-program -x"], 2, "there is no program no-such-program"),
            (["10.99.0.1"], 1, "10.99.0.1/32 is not granted to this node"),
        })
        {
            var refused = await node.MeshoverAsync(["announce", .. arguments], _ct);
            Assert.True(refused.ExitCode == code && refused.Error.Contains(why, StringComparison.Ordinal), $"{string.Join(' ', arguments)}: {refused.ExitCode} {refused.Error}");
        }
        Assert.Contains("is not granted", (await notGranted.MeshoverAsync(["announce", Floating], _ct)).Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Floating, (await node.MeshoverAsync(["announcements"], _ct)).Output, StringComparison.Ordinal);

        // One that hangs is killed with all that it started, and says so.
        Assert.Equal(3, (await node.MeshoverAsync(["announce", Floating, "--check", "cmd:sh -c 'sleep 987 & sleep 986'", "--interval", "400ms", "--for", "1h"], _ct)).ExitCode);
        await Until.NothingIsMissingAsync("the check that hangs is said to hang", SourceBed.Patience, async () =>
            (await FindAsync(node, Floating))?.Reason is var reason && reason?.Contains("did not end within", StringComparison.Ordinal) == true ? null : $"it says {reason}", _ct);
        (await node.MeshoverAsync(["withdraw", Floating], _ct)).Checked();
        await Until.TrueAsync("nothing of the check is left", SourceBed.Patience, () => MachineProcesses.Of(node.Machine).All(process => process.Name != "sleep"));
        Assert.Equal(1, (await node.MeshoverAsync(["withdraw", Floating], _ct)).ExitCode);
    }

    private async Task AnnounceAsync(LabNode node, string[] arguments)
    {
        var said = await node.MeshoverAsync(["announce", .. arguments], _ct);
        Assert.True(said.ExitCode is 0 or 3, said.Error);
    }

    /// <summary>How long it takes until that node has the address, and the third node's packets to it go there.</summary>
    private async Task<TimeSpan> MovedAsync(LabMesh mesh, LabNode to, Action fault)
    {
        var link = (await mesh.Node(3).StatusAsync(_ct)).Peers.First(peer => peer.Hostname == $"n{to.Number}").Link;
        using var there = RouteNetlink.OpenIn(to.Machine.NetworkPath);
        using var far = RouteNetlink.OpenIn(mesh.Node(3).Machine.NetworkPath);
        var (index, address) = (far.FindLink(link)!.Index, IPAddress.Parse(Floating));
        var begun = TimeProvider.System.GetTimestamp();
        fault();
        await Until.TrueAsync($"{Floating} is at {to.Machine.Name}", SourceBed.Patience, () =>
            there.GetAddresses().Any(seen => seen.Address.Equals(address)) && far.FindRoute(new RouteQuery(address))?.OutputLink == index);
        return TimeProvider.System.GetElapsedTime(begun);
    }

    private Task<TimeSpan> AnsweredAsync(LabMesh mesh) => mesh.Node(3).Workload.AnsweredAsync(IPAddress.Parse(Floating), SourceBed.Patience, _ct);

    private Task<TimeSpan> IsAsync(LabNode node, string address, string? role) => node.IsAsync($"{address}/32", role, SourceBed.Patience, _ct);

    private Task<TimeSpan> AnnouncedAsync(LabNode node, string address, bool isWithdrawn) => Until.NothingIsMissingAsync($"{address} on {node.Machine.Name}: withdrawn {isWithdrawn}", SourceBed.Patience, async () =>
        await FindAsync(node, address) is { } found && found.Withdrawn == isWithdrawn ? null : "it is not so", _ct);

    private Task<AnnouncementState?> FindAsync(LabNode node, string address) => node.AnnouncementAsync($"{address}/32", _ct);

    private async Task<string?> DrainingAsync(LabNode node) => (await node.StatusAsync(_ct)).Draining;

    private static JsonElement Peer(string status, string name)
    {
        using var document = JsonDocument.Parse(status);
        return document.RootElement.GetProperty("peers").EnumerateArray().First(peer => peer.GetProperty("hostname").GetString() == name).Clone();
    }

    private static bool Holds(LabNode node, string address)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        return netlink.GetAddresses().Any(seen => seen.Address.Equals(IPAddress.Parse(address)));
    }

    private static Socket Serve(LabNode node)
    {
        var socket = node.Machine.InNetwork(() =>
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
            return listener;
        });
        socket.Listen(1024);
        return socket;
    }
}
