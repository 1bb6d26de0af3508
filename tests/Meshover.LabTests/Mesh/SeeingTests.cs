using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>What an operator asks of a mesh: its names, its ways, and what is wrong. One mesh of three nodes for all; each test leaves it whole.</summary>
public sealed partial class SeeingTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private const string Loopback = "127.0.129.12";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_OfAllNodes_ResolveByDigAtEachOfTheAddresses()
    {
        var node = _mesh.Node(1);
        var numbers = await NumbersAsync(2);
        await KnowsAsync(node, "n3.mesh");
        foreach (var server in (string[])[Loopback, (await NumbersAsync(1)).Address4, (await NumbersAsync(1)).Address6])
        {
            Assert.Equal(numbers.Address4, await ShortAsync(node, server, "n2.mesh", "A"));
            Assert.Equal(numbers.Address6, await ShortAsync(node, server, "n2.mesh", "AAAA"));
            Assert.Equal(numbers.Address4, await ShortAsync(node, server, "+tcp", "N2.Mesh", "A"));
            Assert.Equal("n2.mesh.", await ShortAsync(node, server, "-x", numbers.Address4));
            Assert.Equal("n2.mesh.", await ShortAsync(node, server, "-x", numbers.Address6));
        }
        // Any other machine of the mesh may ask as well.
        Assert.Equal(numbers.Address4, await ShortAsync(_mesh.Node(3), (await NumbersAsync(1)).Address4, "n2.mesh", "A"));
    }

    [Fact]
    public async Task Names_OfGrantedAddresses_ResolveAsLongAsTheyAreGranted()
    {
        var node = _mesh.Node(1);
        await KnowsAsync(node, "n3.mesh");
        (await AdminAsync("grant", "add", "n2", "10.64.2.53/32", "--name", "Shop")).Checked();
        try
        {
            await KnowsAsync(node, "shop.mesh");
            await KnowsAsync(_mesh.Node(2), "shop.mesh");
            Assert.Equal("10.64.2.53", await ShortAsync(node, Loopback, "shop.mesh", "A"));
            Assert.Equal("shop.mesh.", await ShortAsync(node, Loopback, "-x", "10.64.2.53"));
            await AssertDigAsync(node, "status: NOERROR", "flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1", ["shop.mesh", "AAAA"]);
            await AssertDigAsync(node, "status: REFUSED", "ANSWER: 0", ["-x", "10.64.2.54"]);
            Assert.Contains("shop", (await AdminAsync("grant", "list", "n2")).Checked(), StringComparison.Ordinal);
            Assert.Contains("is the name of a node", (await AdminAsync("grant", "add", "n2", "10.64.2.53/32", "--name", "n3")).Error, StringComparison.Ordinal);
        }
        finally
        {
            (await AdminAsync("grant", "remove", "n2", "10.64.2.53/32")).Checked();
        }
        await Until.NothingIsMissingAsync("it is over", Patience, async () => await DigAsync(node, ["shop.mesh"]) is var said && said.Contains("NXDOMAIN", StringComparison.Ordinal) ? null : said, _ct);
    }

    [Fact]
    public async Task Names_WhatIsNotThere_IsToldAsDnsHasIt()
    {
        var node = _mesh.Node(1);
        await KnowsAsync(node, "n3.mesh");
        var pool = (await NumbersAsync(2)).Address4.Split('.');

        await AssertDigAsync(node, "status: NOERROR", "flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1", ["n2.mesh", "MX"]);
        await AssertDigAsync(node, "status: NXDOMAIN", "flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1", ["nobody.mesh", "A"]);
        await AssertDigAsync(node, "status: NXDOMAIN", "aa", ["-x", $"{pool[0]}.{pool[1]}.254.253"]);
        await AssertDigAsync(node, "status: NOERROR", "\tSOA\tn1.mesh. hostmaster.mesh. ", ["mesh", "SOA"]);
        await AssertDigAsync(node, "status: NOERROR", "\tNS\tn1.mesh.", ["mesh", "NS"]);
        await AssertDigAsync(node, "status: NOERROR", "\tSOA\tn1.mesh. hostmaster.mesh. ", [$"{pool[1]}.{pool[0]}.in-addr.arpa", "SOA"]);
        await AssertDigAsync(node, "status: REFUSED", "ANSWER: 0", ["example.org", "A"]);
        await AssertDigAsync(node, "status: REFUSED", "ANSWER: 0", ["-x", "192.0.2.1"]);
        await AssertDigAsync(node, "status: BADVERS", "EDNS: version: 0", ["+edns=1", "+noednsneg", "n2.mesh", "A"]);
        await AssertDigAsync(node, "status: NOERROR", "udp: 1232", ["+bufsize=4096", "n2.mesh", "A"]);
        await AssertDigAsync(node, "status: NOERROR", "ADDITIONAL: 0", ["+noedns", "n2.mesh", "A"]);
        await AssertDigAsync(node, "status: NOTIMP", "opcode: STATUS", ["+opcode=STATUS", "n2.mesh", "A"]);
        Assert.Contains("Transfer failed", await DigAsync(node, ["mesh", "AXFR"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_WithTheAgentDead_ResolveAllTheSame()
    {
        var node = _mesh.Node(3);
        await KnowsAsync(node, "n2.mesh");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var dead = node.KeepDeadAsync("agent", over.Token);
        try
        {
            await Until.NothingIsMissingAsync("the agent is dead", Patience, () => Task.FromResult(node.Find("agent") is null ? null : "it runs"), _ct);
            Assert.Equal((await NumbersAsync(2)).Address4, await ShortAsync(node, Loopback, "n2.mesh", "A"));
            // Also when the daemon itself is one that has never seen an agent.
            var killed = node.Kill("dns");
            await Until.NothingIsMissingAsync("another answers", Patience, () => Task.FromResult(node.Find("dns") is { } now && now.Pid != killed.Pid ? null : "none"), _ct);
            await KnowsAsync(node, "n2.mesh");
        }
        finally
        {
            await over.CancelAsync();
            await dead;
        }
        await _mesh.SettledAsync(_ct);
    }

    [Fact]
    public async Task Names_WhereAnotherHasThePort_GiveWayAndSaySo()
    {
        var node = _mesh.Node(2);
        await KnowsAsync(node, "n1.mesh");
        (await node.UpAsync(input: null, ["--dns-listen", "127.0.0.1:5353"], _ct)).Checked();
        await Until.NothingIsMissingAsync("the port is free", Patience, async () =>
            (await DigAsync(node, ["n1.mesh"])).Contains("connection refused", StringComparison.Ordinal) ? null : "it answers", _ct);
        using (node.Machine.InNetwork(Taker))
        {
            (await node.UpAsync(input: null, ["--dns-listen", ""], _ct)).Checked();
            await Until.NothingIsMissingAsync("it is a finding", Patience, async () =>
                (await node.StatusAsync(_ct)).Findings.SingleOrDefault(finding => finding.Code == "names-not-served") is { } finding
                && finding.Text.StartsWith($"Port 53 of {Loopback} is taken by ", StringComparison.Ordinal) ? null : "not yet", _ct);
            Assert.Equal((await NumbersAsync(1)).Address4, await ShortAsync(node, (await NumbersAsync(2)).Address4, "n1.mesh", "A"));
        }
        await KnowsAsync(node, "n1.mesh");
        await Until.NothingIsMissingAsync("it is over", Patience, async () =>
            (await node.StatusAsync(_ct)).Findings.Any(finding => finding.Code == "names-not-served") ? "not yet" : null, _ct);
    }

    [Fact]
    public async Task Names_WhoseDaemonHangs_AreAFinding()
    {
        var node = _mesh.Node(2);
        await KnowsAsync(node, "n1.mesh");
        node.Find("dns")!.Signal(19); // SIGSTOP
        await Until.NothingIsMissingAsync("that the daemon hangs is named", Patience, async () =>
            (await node.StatusAsync(_ct)).Findings.SingleOrDefault(finding => finding.Code == "dns-silent") is { } finding && finding.Text.Contains("hangs", StringComparison.Ordinal) ? null : "not yet", _ct);
        node.Kill("dns");
        await KnowsAsync(node, "n1.mesh"); // whoever keeps it has started another
        await Until.NothingIsMissingAsync("it is over", Patience, async () => (await node.StatusAsync(_ct)).Findings.Any(finding => finding.Code == "dns-silent") ? "not yet" : null, _ct);
    }

    /// <summary>Another program with port 53 of the loopback address.</summary>
    private static Socket Taker()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Loopback), 53));
        return socket;
    }

    [Fact]
    public async Task Ways_PingTraceAndWhy_AgreeWithTheMeshWholeAndCut()
    {
        await _mesh.SettledAsync(_ct);
        var node = _mesh.Node(1);
        using (var ping = await JsonAsync(node, 0, "ping", "--json", "-c", "2", "n2"))
        {
            Assert.Equal(("direct", "n2", 2, 2), (Text(ping, "path"), Text(ping, "via"), ping.RootElement.GetProperty("sent").GetInt32(), ping.RootElement.GetProperty("received").GetInt32()));
            Assert.Equal(await MtuAsync(node), ping.RootElement.GetProperty("pathMtu").GetInt32());
            Assert.Contains("]:12912", Text(ping, "endpoint"), StringComparison.Ordinal);
        }
        Assert.Contains("2 sent, 2 answered, 0 % lost", (await node.MeshoverAsync(["ping", "-c", "2", "-4", "n2.mesh"], _ct)).Checked(), StringComparison.Ordinal);
        var workload = AddressPlan.Workload4(2);
        using (var trace = await JsonAsync(node, 0, "trace", "--json", $"{workload}"))
            Assert.Equal(["n2", null], Nodes(trace));
        using (var route = await JsonAsync(node, 0, "route", "explain", "--json", "10.64.2.0/24"))
        {
            var first = route.RootElement.GetProperty("announcements")[0];
            Assert.Equal(("10.64.2.0/24", "exact", "n2", "used"), (Text(first, "prefix"), Text(first, "match"), Text(first, "node"), Text(first, "state")));
            Assert.Equal(("n2", "n2"), (first.GetProperty("nextHops")[0].GetString(), Text(route, "next")));
            // 80, and more where this machine is busy.
            Assert.InRange(first.GetProperty("cost").GetUInt32(), 80u, 160u);
            Assert.Contains(route.RootElement.GetProperty("kernel").EnumerateArray(), held => (Text(held, "prefix"), Text(held, "protocol")) == ("10.64.2.0/24", "bgp"));
            Assert.Empty(route.RootElement.GetProperty("notes").EnumerateArray());
        }
        using (var whole = await WhyAsync(0))
            Assert.Equal((1 + 1, true), (Steps(whole, "there").Length, whole.RootElement.GetProperty("back").GetProperty("arrives").GetBoolean()));

        await using (await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: false, _ct))
        {
            await Until.NothingIsMissingAsync("n1 goes to n2 by n3", Patience, async () =>
                (await node.StatusAsync(_ct)).Peers.Single(peer => peer.Hostname == "n2").Path is "transit" ? null : "not yet", _ct);
            await Until.NothingIsMissingAsync("trace shows that", Patience, async () =>
            {
                using var trace = JsonDocument.Parse((await node.MeshoverAsync(["trace", "--json", "n2"], _ct)).Output);
                return Nodes(trace).SequenceEqual(["n3", "n2"]) ? null : string.Join(' ', Nodes(trace));
            }, _ct);
            using var ping = await JsonAsync(node, 0, "ping", "--json", "-c", "1", "n2");
            Assert.Equal(("transit", "n3"), (Text(ping, "path"), Text(ping, "via")));
            Assert.Equal(3, (await node.MeshoverAsync(["ping", "--until", "direct", "-c", "1", "n2"], _ct)).ExitCode);
            using var why = await WhyAsync(0);
            Assert.Equal(["n1", "n3", "n2"], Steps(why, "there"));
            Assert.Equal(["n2", "n3", "n1"], Steps(why, "back"));
            Assert.Contains(why.RootElement.GetProperty("events").EnumerateArray(), change => change.GetString()!.Contains("n2", StringComparison.Ordinal));
            var problems = (await node.MeshoverAsync(["status", "--problems"], _ct)).Output;
            Assert.Contains("n2", problems, StringComparison.Ordinal);
            Assert.Contains("transit", (await node.MeshoverAsync(["status", "--peer", "n2"], _ct)).Output, StringComparison.Ordinal);
        }
        (await node.MeshoverAsync(["ping", "--until", "direct", "-c", "100", "n2"], _ct)).Checked();
        await _mesh.SettledAsync(_ct);
        Assert.Contains("Exit code", (await node.MeshoverAsync(["ping", "--help"], _ct)).Checked(), StringComparison.Ordinal);
        Assert.Equal(2, (await node.MeshoverAsync(["ping", "nobody"], _ct)).ExitCode);
    }

    [Fact]
    public async Task Check_OfTheMesh_NamesWhatIsWrongAndEndsWithItsExitCode()
    {
        await _mesh.SettledAsync(_ct);
        await Until.NothingIsMissingAsync("nothing is wrong", Patience, async () =>
            await AdminAsync("check") is { ExitCode: 0 } ? null : (await AdminAsync("check")).Output, _ct);
        var node = _mesh.Node(3);
        (await node.UpAsync(input: null, ["--announce", "10.64.3.0/24,fd64:3::/64,10.97.0.0/24"], _ct)).Checked();
        await Until.NothingIsMissingAsync("what is not granted is named", Patience, async () =>
            await AdminAsync("check", "--json") is { ExitCode: 3 } found && found.Output.Contains("n3 announces 10.97.0.0/24, which is not granted", StringComparison.Ordinal) ? null : (await AdminAsync("check")).Output, _ct);
        await Until.NothingIsMissingAsync("n1 says why it refuses that", Patience, async () =>
            (await _mesh.Node(1).MeshoverAsync(["route", "explain", "10.97.0.0/24"], _ct)).Output is var said && said.Contains("`meshover grant add n3 10.97.0.0/24`", StringComparison.Ordinal) ? null : said, _ct);
        (await node.UpAsync(input: null, ["--announce", "10.64.3.0/24,fd64:3::/64"], _ct)).Checked();

        (await AdminAsync("node", "rename", "n3", "third")).Checked();
        await Until.NothingIsMissingAsync("n1 knows the new name", Patience, async () =>
            await ShortAsync(_mesh.Node(1), Loopback, "third.mesh", "A") == (await NumbersAsync(3)).Address4 ? null : "not yet", _ct);
        (await AdminAsync("node", "rename", "third", "n3")).Checked();
        await KnowsAsync(_mesh.Node(1), "n3.mesh");

        // n3 passes nothing on, and n1 and n2 hear nothing of each other: each says where the way to the other ends.
        (await node.UpAsync(input: null, ["--no-wait", "--transit", "never"], _ct)).Checked();
        try
        {
            await using var cut = await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: false, _ct);
            await Until.NothingIsMissingAsync("the hops are named where the ways between n1 and n2 end", Patience, async () =>
                await AdminAsync("check") is { ExitCode: 3, Output: var found } && found.Contains("n1 to n2: It ends at n1", StringComparison.Ordinal)
                    && found.Contains("n2 to n1: It ends at n2", StringComparison.Ordinal) ? null : (await AdminAsync("check")).Output, _ct);
        }
        finally
        {
            (await node.UpAsync(input: null, ["--no-wait", "--transit", "auto"], _ct)).Checked(); // the other tests of this mesh need it
        }
        await _mesh.SettledAsync(_ct);
    }

    [Fact]
    public async Task Bundle_OfANode_HoldsNoSecretAndByWishNoAddressOrName()
    {
        var node = _mesh.Node(1);
        var identity = await File.ReadAllTextAsync(node.Machine.Disk("/var/lib/meshover/identity.json"), _ct);
        using var secrets = JsonDocument.Parse(identity);
        string[] hidden = [.. secrets.RootElement.EnumerateObject().Where(member => member.Name is "wireGuardPrivateKey" or "credential" or "identityKey").Select(member => member.Value.GetString()!)];
        Assert.Equal(3, hidden.Length);
        foreach (var (flags, isAnonymous) in new[] { (Array.Empty<string>(), false), (["--anonymise"], true) })
        {
            const string archive = "/run/bundle.tar.gz";
            (await node.MeshoverAsync(["debug", "bundle", "--output", archive, .. flags], _ct)).Checked();
            var text = (await node.Machine.RunAsync("tar", ["xzOf", archive], _ct)).Checked();
            (await node.Machine.RunAsync("rm", [archive], _ct)).Checked();
            Assert.All(hidden, secret => Assert.DoesNotContain(secret.Split('\n')[^1].Length > 8 ? secret.Split('\n')[^1] : secret, text, StringComparison.Ordinal));
            Assert.All(hidden.SelectMany(secret => secret.Split('\n')).Where(line => line.Length > 40 && !line.StartsWith("---", StringComparison.Ordinal)), line => Assert.DoesNotContain(line, text, StringComparison.Ordinal));
            Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
            Assert.Contains("router bgp", text, StringComparison.Ordinal);
            Assert.Equal(!isAnonymous, text.Contains((await NumbersAsync(2)).Address4, StringComparison.Ordinal));
            Assert.Equal(!isAnonymous, text.Contains((await NumbersAsync(2)).Address6, StringComparison.Ordinal));
            Assert.Equal(!isAnonymous, text.Contains("\"n2\"", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("bash", "source <(MESHOVER completion bash); COMP_LINE='meshover no'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(meshover no); COMP_CWORD=1; _meshover; echo \"${COMPREPLY[@]}\"")]
    [InlineData("fish", "MESHOVER completion fish | source; complete -C 'meshover no'")]
    [InlineData("zsh", "autoload -U compinit; compinit -D -u; compadd() { print -l -- $offered; }; BUFFER='meshover no'; CURSOR=${#BUFFER}; source <(MESHOVER completion zsh)")]
    public async Task Completion_InEachShell_OffersTheCommands(string shell, string script)
    {
        var machine = _mesh.Controller.Machine;
        var path = $"PATH={Path.GetDirectoryName(LabPrograms.Meshover)}:{Environment.GetEnvironmentVariable("PATH")}";
        var ran = await machine.RunAsync("env", [path, shell, "-c", script.Replace("MESHOVER", LabPrograms.Meshover, StringComparison.Ordinal)], _ct);
        Assert.Contains("node", ran.Output.Split((char[])[' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
    }

    private async Task<JsonDocument> JsonAsync(LabNode node, int exitCode, params string[] arguments)
    {
        var ran = await node.MeshoverAsync(arguments, _ct);
        Assert.True(ran.ExitCode == exitCode, $"{ran.ExitCode} {ran.Output} {ran.Error}");
        return JsonDocument.Parse(ran.Output);
    }

    private async Task<JsonDocument> WhyAsync(int exitCode)
    {
        var ran = await AdminAsync("why", "--json", "n1", "n2");
        Assert.True(ran.ExitCode == exitCode, $"{ran.ExitCode} {ran.Output} {ran.Error}");
        return JsonDocument.Parse(ran.Output);
    }

    private Task<CommandResult> AdminAsync(params string[] arguments) => _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, arguments, _ct);

    /// <summary>Of the link of a node with n2.</summary>
    private async Task<int> MtuAsync(LabNode node)
    {
        var link = (await node.StatusAsync(_ct)).Peers.Single(peer => peer.Hostname == "n2").Link;
        return int.Parse((await node.Machine.RunAsync("cat", [$"/sys/class/net/{link}/mtu"], _ct)).Checked(), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string? Text(JsonDocument document, string name) => Text(document.RootElement, name);

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static string?[] Nodes(JsonDocument trace) => [.. trace.RootElement.GetProperty("hops").EnumerateArray().Select(hop => hop.GetProperty("node").GetString())];

    private static string[] Steps(JsonDocument why, string way) =>
        [.. why.RootElement.GetProperty(way).GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("node").GetString()!)];

    private async Task KnowsAsync(LabNode node, string name) => await Until.NothingIsMissingAsync($"{node.Machine.Name} knows {name}", Patience, async () =>
        await DigAsync(node, ["+short", name]) is { Length: > 0 } answer && answer.StartsWith("10.", StringComparison.Ordinal) ? null : await DigAsync(node, [name]), _ct);

    private async Task AssertDigAsync(LabNode node, string status, string said, string[] question)
    {
        var answer = await DigAsync(node, question);
        Assert.Contains(status, answer, StringComparison.Ordinal);
        Assert.Contains(said, answer, StringComparison.Ordinal);
    }

    private async Task<string> ShortAsync(LabNode node, string server, params string[] question) =>
        (await node.Machine.RunAsync("dig", [$"@{server}", "+short", "+tries=2", "+time=2", .. question], _ct)).Output.Trim();

    private async Task<string> DigAsync(LabNode node, string[] question) =>
        (await node.Machine.RunAsync("dig", [$"@{Loopback}", "+tries=1", "+time=2", .. question], _ct)).Output.Trim();

    private async Task<NodeNumbers> NumbersAsync(int node) => (await _mesh.Node(node).StatusAsync(_ct)).Numbers;
}
