using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Faults;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>What an operator asks of a mesh: its names, its ways, and what is wrong. One mesh of three nodes for all; each test leaves it whole.</summary>
public sealed class SeeingTests(MeshFixture fixture) : IClassFixture<MeshFixture>
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

    /// <summary>Another program with port 53 of the loopback address.</summary>
    private static Socket Taker()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(Loopback), 53));
        return socket;
    }

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
