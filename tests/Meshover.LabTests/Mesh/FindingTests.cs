using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// Faults, one after the other at each node and side by side at several, and the code by which each is to be named, at the node that can know it, by `status` or by
/// `doctor`. Each has a long time, for the machine may be slow; that most are named soon is what the median says. What takes longer to come about, or cannot be had in namespaces, is in the unit tests of what finds it.
/// </summary>
public sealed class FindingTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private const int SigStop = 19;
    private const int SigCont = 18;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MedianWithin = TimeSpan.FromSeconds(15);
    private readonly ConcurrentQueue<TimeSpan> _took = [];
    private readonly ConcurrentQueue<string> _missed = [];
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Faults_AreNamedByTheirCode()
    {
        await _mesh.SettledAsync(_ct);
        // What a machine's owner, another program or an administrator does: nothing of it stops packets at once.
        await AllAsync(
            () => SeriesAsync(1,
                Fault(FindingKinds.FirewallDropsBgp, () => ShellAsync(1, Drop("input", "iifname \"mo-*\" tcp dport 12914")), () => ShellAsync(1, "nft delete table inet mine")),
                Fault(FindingKinds.RpFilterStrict, () => LoopAsync(1, "for link in /proc/sys/net/ipv4/conf/mo-*; do echo 1 >$link/rp_filter; done")),
                Fault(FindingKinds.GrantUnused, () => AdminAsync("grant", "add", "n1", "10.99.1.0/24"), () => AdminAsync("grant", "remove", "n1", "10.99.1.0/24")),
                Fault(FindingKinds.DiskFull, () => FillAsync(1), () => ShellAsync(1, "umount /var/lib/meshover"))),
            () => SeriesAsync(2,
                Fault(FindingKinds.FirewallDropsForwarding, () => ShellAsync(2, Drop("forward", "oifname \"mo-*\"")), () => ShellAsync(2, "nft delete table inet mine")),
                Fault(FindingKinds.FirewallDropsTunnel, () => ShellAsync(2, Drop("input", "udp dport 12912")), () => ShellAsync(2, "nft delete table inet mine")),
                Fault(FindingKinds.ForwardingOff, () => LoopAsync(2, "echo 0 >/proc/sys/net/ipv4/conf/all/forwarding")),
                Fault(FindingKinds.AnnouncementNotGranted, () => UpAsync(2, "--announce", "10.64.2.0/24,fd64:2::/64,10.98.0.0/24"), () => UpAsync(2, "--announce", "10.64.2.0/24,fd64:2::/64"))),
            () => SeriesAsync(3,
                Fault(FindingKinds.ZebraForeign, () => OtherZebraAsync(3)),
                Fault(FindingKinds.NftablesMissing, () => ShellAsync(3, "mount --bind /dev/null /usr/sbin/nft"), () => ShellAsync(3, "umount /usr/sbin/nft")),
                Fault(FindingKinds.AddressRemoved, async () => await LoopAsync(3, $"ip address del {(await _mesh.Node(3).StatusAsync(_ct)).Numbers.Address4}/32 dev meshover-lo 2>/dev/null")),
                Fault(FindingKinds.StateReadOnly, () => ShellAsync(3, "mount --bind /var/lib/meshover /var/lib/meshover && mount -o remount,bind,ro /var/lib/meshover"), () => ShellAsync(3, "umount /var/lib/meshover"))));
        // The ways between machines, and to the controller; an agent that starts anew stops no packet.
        await AllAsync(
            () => SeriesAsync(1,
                Fault(FindingKinds.PeerUnreached, async () => UntilTold(await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: false, _ct),
                    one => one is "session.cause n2 peer-unreached" or "session.down n2 peer-unreached")),
                Fault(FindingKinds.TunnelOneWay, async () => await Cut.OneWayAsync(_mesh, _mesh.Node(1), _mesh.Node(3), _ct))),
            () => SeriesAsync(2,
                Fault(FindingKinds.SettingsRefused, () => ShellAsync(2, "mkdir -p /etc/meshover; echo 'mtu: 9' >>/etc/meshover/agent.yaml"), () => ShellAsync(2, "sed -i '/^mtu: 9$/d' /etc/meshover/agent.yaml")),
                Fault(FindingKinds.ControllerName, () => UpAsync(2, "--controller", "nowhere.invalid:12913")),
                Fault(FindingKinds.ControllerUnreachable, () => UpAsync(2, "--controller", $"{AddressPlan.Controller4}:9")),
                Fault(FindingKinds.ControllerCertificate, async () =>
                {
                    var stranger = new Stranger(_mesh.Controller.Machine);
                    await UpAsync(2, "--controller", $"{AddressPlan.Controller4}:{Stranger.Port}");
                    return new Mend(async () =>
                    {
                        await stranger.DisposeAsync();
                        await UpAsync(2, "--controller", $"{AddressPlan.Controller4}:12913");
                    });
                })),
            () => SeriesAsync(3,
                Fault(FindingKinds.PrefixAnnouncedTwice, async () =>
                {
                    await AdminAsync("grant", "add", "n3", "10.64.1.0/24");
                    await UpAsync(3, "--announce", "10.64.3.0/24,fd64:3::/64,10.64.1.0/24");
                }, () => UpAsync(3, "--announce", "10.64.3.0/24,fd64:3::/64")),
                Fault(FindingKinds.RouteShadowed, () => ShellAsync(3, "ip route add 10.64.2.0/24 dev eth0"), () => ShellAsync(3, "ip route del 10.64.2.0/24 dev eth0 proto boot"))));
        await ToldAsync(one => one is "session.up n2 ");
        // A way that is narrow in one direction, and a machine that would lose its default route.
        await AllAsync(
            () => SeriesAsync(1, Fault(FindingKinds.PathMtu, NarrowAsync)),
            () => SeriesAsync(2,
                Fault(FindingKinds.ClockSkew, () => HourOffAsync(2)),
                Fault(FindingKinds.RouteNotInstalled, () => WithoutNextHopsAsync(2))),
            () => SeriesAsync(3, Fault(FindingKinds.RouterAdvertisement, () => DeafToRoutersAsync(3))));
        // FRR, of each node in another way.
        await AllAsync(
            () => SeriesAsync(1, Fault(FindingKinds.FrrKeepsDying, () => Task.FromResult<IAsyncDisposable>(new Killing(_mesh.Node(1))))),
            () => SeriesAsync(2, Fault(FindingKinds.FrrHangs, () => HangAsync(2, SigStop), () => HangAsync(2, SigCont))),
            () => SeriesAsync(3, Fault(FindingKinds.PortTaken, () => PortThief.StealAsync(_mesh.Node(3)))));
        await AllAsync(
            () => SeriesAsync(1, Fault(FindingKinds.KeyDiffers, async () => UntilTold(await LoopAsync(1, "wg genkey >/run/other.key; wg set meshover0 private-key /run/other.key"),
                one => one is "finding.raised  key-differs"))),
            () => SeriesAsync(3, Fault(FindingKinds.ControllerRefused, () => AdminAsync("node", "remove", "n3"))));

        Assert.True(_missed.IsEmpty, string.Join('\n', _missed));
        var median = _took.Order().ElementAt(_took.Count / 2);
        Assert.True(median < MedianWithin, $"Half of the faults are named only after {median.TotalSeconds:0.0} s.");
        await AssertMeshEventsAsync(); // before the agent is dead: it tells the controller within seconds, not at once
        await AssertEventsAsync();
    }

    /// <summary>What the file of events tells of all that: each node for itself, also with its agent dead.</summary>
    private async Task AssertEventsAsync()
    {
        _mesh.Node(1).Kill("run");
        _mesh.Node(1).Kill("agent");
        var (events, told) = await EventsAsync();
        // Seen whole where something is missing: what a collection's assertion shows of it is its beginning.
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', events.Select(one => $"{one.GetProperty("number")} {one.GetProperty("time")} {one.GetProperty("kind")} {one.GetProperty("subject")} {one.GetProperty("code")} {one.GetProperty("text")}")));
        Assert.Contains("session.up n2 ", told);
        Assert.Contains("grant.added 10.99.1.0/24 ", told);
        Assert.Contains("grant.removed 10.99.1.0/24 ", told);
        Assert.Contains("finding.raised 10.99.1.0/24 grant-unused", told);
        Assert.Contains("finding.cleared 10.99.1.0/24 grant-unused", told);
        Assert.Contains(told, one => one.StartsWith("session.down n2 ", StringComparison.Ordinal));
        Assert.Contains(told, one => one is "session.cause n2 peer-unreached" or "session.down n2 peer-unreached");
        Assert.Contains("node.left n3 ", told);
        var numbers = events.Select(one => one.GetProperty("number").GetInt64()).ToList();
        Assert.Equal(numbers.Order(), numbers);
    }

    /// <summary>A fault of n1's that lasts until its agent tells of it: `status` looks when it is asked, the agent only each some seconds.</summary>
    private Mend UntilTold(IAsyncDisposable fault, Func<string, bool> isIt) => new Mend(async () =>
    {
        await ToldAsync(isIt);
        await fault.DisposeAsync();
    });

    private Task<TimeSpan> ToldAsync(Func<string, bool> isIt) => Until.NothingIsMissingAsync("n1 tells of it", Within, async () =>
    {
        var (_, told) = await EventsAsync();
        return told.Any(isIt) ? null : string.Join(", ", told);
    }, _ct);

    /// <summary>n1's, and of each its kind, subject and code.</summary>
    private async Task<(List<JsonElement> Events, string[] Told)> EventsAsync()
    {
        var events = (await _mesh.Node(1).MeshoverAsync(["events", "--json", "--since", "1h"], _ct)).Checked().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        return (events, [.. events.Select(one => $"{one.GetProperty("kind")} {one.GetProperty("subject")} {one.GetProperty("code")}")]);
    }

    /// <summary>What the controller tells of the same: what nodes say, and what was done by whom.</summary>
    private async Task AssertMeshEventsAsync()
    {
        string[] wanted = ["n1 grant.added by root", "n3 node.left by root", "n1 node.joined", "n1 finding.raised key-differs", "n1 session.down"];
        List<JsonElement> events = [];
        await Until.NothingIsMissingAsync("the controller tells of it", Within, async () =>
        {
            events = (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["events", "--mesh", "--json", "--limit", "1000"], _ct)).Checked()
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            string[] told = [.. events.Select(one => $"{one.GetProperty("node")} {one.GetProperty("kind")} {one.GetProperty("code")}{(one.GetProperty("actor").GetString()!.StartsWith("root ", StringComparison.Ordinal) ? "by root" : "")}")];
            var missing = wanted.Where(want => !told.Any(one => one.StartsWith(want, StringComparison.Ordinal))).ToList();
            return missing.Count == 0 ? null : $"{string.Join(", ", missing)} not among {string.Join(", ", told)}";
        }, _ct);
        var times = events.Select(one => one.GetProperty("time").GetDateTimeOffset()).ToList();
        Assert.Equal(times.Order(), times);
    }

    private static Task AllAsync(params Func<Task>[] series) => Task.WhenAll(series.Select(one => one()));

    /// <summary>One fault after the other, each when the former is named no more, nor the next one yet: while a way comes back, some of it may be named for a moment.</summary>
    private async Task SeriesAsync(int node, params (FindingKind Kind, Func<Task<IAsyncDisposable?>> Inject)[] faults)
    {
        FindingKind? former = null;
        foreach (var (kind, inject) in faults)
        {
            var before = await CodesAsync(_mesh.Node(node), codes => !codes.Contains(kind.Code) && (former is null || !codes.Contains(former.Code)));
            if (former is not null && before.Seen.Contains(former.Code))
                _missed.Enqueue($"n{node} still names {former.Code} {Within.TotalSeconds:0} s after it was mended");
            if (before.Seen.Contains(kind.Code))
                _missed.Enqueue($"n{node} names {kind.Code} before there is anything wrong");
            var mend = await inject();
            await using (mend)
            {
                var (seen, took) = await CodesAsync(_mesh.Node(node), codes => codes.Contains(kind.Code));
                if (!seen.Contains(kind.Code))
                    _missed.Enqueue($"n{node} does not name {kind.Code} within {Within.TotalSeconds:0} s, but {string.Join(", ", seen)}");
                _took.Enqueue(took);
                TestContext.Current.TestOutputHelper?.WriteLine($"n{node}: {kind.Code} after {took.TotalSeconds:0.0} s");
            }
            former = mend is null ? null : kind; // what is not mended may well be named on
        }
    }

    /// <summary>All that is named as soon as it is as wished, or when the time is over; and how long that took.</summary>
    private async Task<(HashSet<string> Seen, TimeSpan Took)> CodesAsync(LabNode node, Func<HashSet<string>, bool> isWished)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var took = TimeProvider.System.GetElapsedTime(since);
            var seen = await CodesAsync(node);
            if (isWished(seen) || took > Within)
                return (seen, took);
        }
    }

    /// <summary>All that `status` and `doctor` name now.</summary>
    private async Task<HashSet<string>> CodesAsync(LabNode node)
    {
        var status = node.StatusAsync(_ct);
        var doctor = await node.MeshoverAsync(["doctor", "--json"], _ct);
        var codes = (await status).Findings.Select(finding => finding.Code).ToHashSet(StringComparer.Ordinal);
        if (doctor.Output.Length > 0)
            codes.UnionWith(JsonDocument.Parse(doctor.Output).RootElement.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()!));
        return codes;
    }

    private static (FindingKind Kind, Func<Task<IAsyncDisposable?>> Inject) Fault(FindingKind kind, Func<Task> inject, Func<Task>? mend = null) => (kind, async () =>
    {
        await inject();
        return mend is null ? null : new Mend(mend);
    }
    );

    private static (FindingKind Kind, Func<Task<IAsyncDisposable?>> Inject) Fault(FindingKind kind, Func<Task<IAsyncDisposable>> inject) => (kind, async () => await inject());

    private async Task ShellAsync(int node, string script) => (await _mesh.Node(node).Machine.RunAsync("sh", ["-ec", script], _ct)).Checked();

    private async Task UpAsync(int node, params string[] settings) => (await _mesh.Node(node).UpAsync(input: null, ["--no-wait", .. settings], _ct)).Checked();

    private async Task AdminAsync(params string[] arguments) => (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, arguments, _ct)).Checked();

    private static string Drop(string hook, string match) =>
        $"nft 'table inet mine {{ chain mine {{ type filter hook {hook} priority -5; policy accept; {match} drop; }}; }}'";

    /// <summary>The state on a disk of its own, on which nothing is free.</summary>
    private Task FillAsync(int node) => ShellAsync(node,
        "mkdir -p /run/small; mount -t tmpfs -o size=512k small /run/small; cp -a /var/lib/meshover/. /run/small/; mount --move /run/small /var/lib/meshover; "
        + "dd if=/dev/zero of=/var/lib/meshover/fill bs=4k 2>/dev/null || true");

    private Task<IAsyncDisposable> LoopAsync(int node, string command) =>
        Task.FromResult<IAsyncDisposable>(new Running(_mesh.Node(node).Machine, "sh", "-c", $"while :; do {command}; sleep 0.05; done"));

    /// <summary>What n1 sends to n2 in large packets is dropped, and n1 begins to probe: it finds that in some seconds. A way that it probes already it looks at each 45 s.</summary>
    private async Task<IAsyncDisposable> NarrowAsync()
    {
        var hole = await Cut.LargeAsync(_mesh, _mesh.Node(1), _mesh.Node(2), longest: 1460, _ct);
        await UpAsync(1, "--pmtu-probe", "true");
        return new Mend(async () =>
        {
            await hole.DisposeAsync();
            await UpAsync(1, "--pmtu-probe", "false"); // probing on, it would raise the link's MTU after ten minutes
        });
    }

    /// <summary>A default route as a router's advertisement makes it, and a kernel that hears no more of them.</summary>
    private async Task<IAsyncDisposable> DeafToRoutersAsync(int node)
    {
        var deaf = await LoopAsync(node, "echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_ra; ip -6 route replace default via fe80::1 dev eth0 proto ra metric 9999");
        return new Mend(async () =>
        {
            await deaf.DisposeAsync();
            await ShellAsync(node, "ip -6 route del default via fe80::1 dev eth0 proto ra metric 9999; echo 2 >/proc/sys/net/ipv6/conf/eth0/accept_ra");
        });
    }

    /// <summary>
    /// The supervisor and the agent anew, with a clock that is an hour slow. No namespace has a wall clock of its own: libfaketime stands before libc's. What carries packets
    /// runs on. Without FORCE_MONOTONIC_FIX=0 each of .NET's waits ends at once, and the machine computes for nothing.
    /// </summary>
    private async Task<IAsyncDisposable> HourOffAsync(int node)
    {
        await StartAnewAsync(node, "LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1", "FAKETIME=-1h", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_FORCE_MONOTONIC_FIX=0", "FAKETIME_DISABLE_SHM=1", "NO_FAKE_STAT=1");
        return UntilChecked("clock-skew", node, new Mend(() => StartAnewAsync(node)));
    }

    private async Task StartAnewAsync(int node, params string[] environment)
    {
        foreach (var daemon in (string[])["run", "agent"])
            await _mesh.Node(node).Kill(daemon).WaitForExitAsync(_ct);
        (await _mesh.Node(node).Machine.RunAsync("env", [.. environment, LabPrograms.Meshover, "up", "--no-wait"], _ct)).Checked();
    }

    /// <summary>What systemd-networkd does to next hops that are not its own. With them the kernel takes the routes; zebra sends the next hops down again, and no route.</summary>
    private async Task<IAsyncDisposable> WithoutNextHopsAsync(int node)
    {
        await ShellAsync(node, "ip nexthop flush");
        return UntilChecked("rib-kernel", node, new Mend(async () =>
        {
            var former = BgpdOf(node);
            _mesh.Node(node).KillFrr("zebra");
            await Until.NothingIsMissingAsync("all of FRR is anew", Within, () => Task.FromResult(BgpdOf(node) is { } now && now != former ? null : $"bgpd is {former}"), _ct);
            await _mesh.DirectAsync(Within, _ct);
        }));
    }

    /// <summary>A fault that lasts until the controller, too, names the node by that check.</summary>
    private Mend UntilChecked(string check, int node, IAsyncDisposable fault) => new(async () =>
    {
        await using var until = fault;
        await Until.NothingIsMissingAsync($"{check} of n{node} in `meshover check`", Within, async () =>
        {
            var output = (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["check", "--json"], _ct)).Output;
            return JsonDocument.Parse(output).RootElement.GetProperty("problems").EnumerateArray().Any(problem => problem.GetProperty("check").GetString() == check && problem.GetProperty("subject").GetString() == $"n{node}") ? null : output;
        }, _ct);
    });

    private async Task<IAsyncDisposable> OtherZebraAsync(int node)
    {
        await ShellAsync(node, "install -d -o frr -g frr /run/other");
        return new Running(_mesh.Node(node).Machine, "/usr/lib/frr/zebra", "-i", "/run/other/zebra.pid", "-z", "/run/other/zserv.api", "--vty_socket", "/run/other", "-P", "0", "-f", "/dev/null");
    }

    private Task HangAsync(int node, int signal)
    {
        if (BgpdOf(node) is { } id)
            ProcessIdentity.TryFind(id)?.Signal(signal);
        return Task.CompletedTask;
    }

    private int? BgpdOf(int node) => MachineProcesses.Of(_mesh.Node(node).Machine).Where(process => process.Name == "bgpd").Select(process => (int?)process.Id).FirstOrDefault();

    private sealed class Mend(Func<Task> mend) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await mend();
    }

    /// <summary>A program of the machine's, until it is disposed.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly System.Diagnostics.Process _process;

        public Running(Machine machine, string program, params string[] arguments) =>
            _process = System.Diagnostics.Process.Start(machine.Command(program, arguments)) ?? throw new InvalidOperationException($"{program} did not start");

        public async ValueTask DisposeAsync()
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }

    /// <summary>bgpd, whenever it is there.</summary>
    private sealed class Killing : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _killing;

        public Killing(LabNode node) => _killing = KillAsync(node);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _killing;
            _stop.Dispose();
        }

        private async Task KillAsync(LabNode node)
        {
            while (!_stop.IsCancellationRequested)
            {
                foreach (var (id, _) in MachineProcesses.Of(node.Machine).Where(process => process.Name == "bgpd"))
                    ProcessIdentity.TryFind(id)?.Kill();
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
            }
        }
    }

    /// <summary>Has bgpd free BGP's port, and takes it as soon as it is free.</summary>
    private sealed class PortThief : IAsyncDisposable
    {
        private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);
        private readonly List<Socket> _sockets = [];

        public static async Task<IAsyncDisposable> StealAsync(LabNode node)
        {
            var thief = new PortThief();
            node.KillFrr("bgpd");
            foreach (var any in (IPAddress[])[IPAddress.Any, IPAddress.IPv6Any])
                await thief.TakeAsync(node.Machine.InNetwork(() => new Socket(any.AddressFamily, SocketType.Stream, ProtocolType.Tcp)), any);
            return thief;
        }

        public ValueTask DisposeAsync()
        {
            foreach (var socket in _sockets)
                socket.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task TakeAsync(Socket socket, IPAddress any)
        {
            _sockets.Add(socket);
            if (any.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            for (var tries = 0; ; tries++)
            {
                try
                {
                    socket.Bind(new IPEndPoint(any, 12914));
                    socket.Listen();
                    return;
                }
                catch (SocketException) when (tries < 200)
                {
                    await Task.Delay(Moment, TimeProvider.System); // bgpd is ending
                }
            }
        }
    }

    /// <summary>Answers TLS with a certificate that nobody knows.</summary>
    private sealed class Stranger : IAsyncDisposable
    {
        public const int Port = 4433;

        private readonly TcpListener _listener;
        private readonly X509Certificate2 _certificate;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _serving;

        public Stranger(Machine machine)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var now = TimeProvider.System.GetUtcNow();
            _certificate = new CertificateRequest("CN=stranger", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
            _listener = machine.InNetwork(() =>
            {
                var listener = new TcpListener(IPAddress.Any, Port);
                listener.Start();
                return listener;
            });
            _serving = ServeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _serving;
            _certificate.Dispose();
            _stop.Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                    await AnswerAsync(client);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            try
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate, ApplicationProtocols = [SslApplicationProtocol.Http2] }, _stop.Token);
                await tls.ReadExactlyAsync(new byte[1], _stop.Token);
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
            }
        }
    }
}
