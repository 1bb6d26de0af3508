using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Trust;

namespace Meshover.LabTests.Mesh;

/// <summary>What `meshover up` refuses: in one sentence that says what to do, with an exit code, and with nothing changed on the machine.</summary>
public sealed class BadInputTests(BadInputFixture fixture) : IClassFixture<BadInputFixture>
{
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    private LabNode Node => _mesh.Node(1);

    [Theory]
    [InlineData("nonsense", "not a join string")]
    [InlineData("mo1.AAAA", "damaged")]
    [InlineData("mo9.e30", "Upgrade meshover")]
    [InlineData("", "empty")]
    public Task Up_WrongJoinString_IsRefused(string joinString, string words) => RefusedAsync(joinString, [], words);

    [Fact]
    public async Task Up_RevokedToken_IsRefused()
    {
        var machine = _mesh.Controller.Machine;
        using var token = JsonDocument.Parse((await machine.RunAsync(LabPrograms.Meshover, ["token", "create", "--json"], _ct)).Checked());
        (await machine.RunAsync(LabPrograms.Meshover, ["token", "revoke", token.RootElement.GetProperty("id").GetString()!], _ct)).Checked();
        await RefusedAsync(token.RootElement.GetProperty("join").GetString()!, [], "revoked");
    }

    [Fact]
    public async Task Up_UsedToken_IsRefused()
    {
        var token = await _mesh.Controller.CreateTokenAsync(grants: [], _ct);
        (await Node.UpAsync(token, ["--join", "-", "--no-wait"], _ct)).Checked();
        (await Node.MeshoverAsync(["leave"], _ct)).Checked();
        await RefusedAsync(token, [], "token");
    }

    [Fact]
    public async Task Up_JoinStringThatPinsAnotherAuthority_IsRefused()
    {
        var join = JoinString.Parse(await _mesh.Controller.CreateTokenAsync(grants: [], _ct));
        await RefusedAsync((join with { CaPins = [CaPin.Of([1, 2, 3])] }).ToString(), [], "authority");
    }

    [Fact]
    public async Task Up_HostnameOfAnotherNode_IsRefusedWithTheWayOut() =>
        await RefusedAsync(await TokenAsync(), ["--hostname", "n2"], "node remove");

    [Fact]
    public async Task Up_UnparsableConfiguration_IsRefusedWithItsLine()
    {
        await ShellAsync("mkdir -p /etc/meshover && printf 'listen-port: 12912\\nhostname: [\\n' > /etc/meshover/agent.yaml");
        await RefusedAsync(await TokenAsync(), [], "agent.yaml:");
        await ShellAsync("rm -r /etc/meshover");
    }

    [Fact]
    public async Task Up_SeveralBadSettings_AreAllNamedAtOnce()
    {
        var result = await RefusedAsync(await TokenAsync(), ["--listen-port", "70000", "--announce", "10.0.0.1/8", "--site", new string('x', 99)], "--listen-port");
        Assert.Contains("--announce", result.Error, StringComparison.Ordinal);
        Assert.Contains("--site", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_PortInUse_IsRefused()
    {
        using var taken = Node.Machine.InNetwork(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 12912));
            return socket;
        });
        await RefusedAsync(await TokenAsync(), [], "12912");
    }

    [Fact]
    public async Task Up_WithoutRoot_IsRefused()
    {
        var result = await Node.Machine.RunAsync("setpriv", ["--reuid=65534", "--clear-groups", LabPrograms.Meshover, "up", "--join", await TokenAsync()], _ct);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("root", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_FrrMissing_IsRefusedWithThePackageToInstall()
    {
        await ShellAsync("mount -t tmpfs none /usr/lib/frr");
        await RefusedAsync(await TokenAsync(), [], "frr");
        await ShellAsync("umount /usr/lib/frr");
    }

    [Fact]
    public async Task Up_AnotherZebraInTheNamespace_IsRefused()
    {
        await ShellAsync("install -d -o frr -g frr /run/other && /usr/lib/frr/zebra -d -u frr -g frr -i /run/other/zebra.pid -z /run/other/zserv.api --vty_socket /run/other -f /dev/null -A 127.0.0.1 -P 0");
        await RefusedAsync(await TokenAsync(), [], "zebra");
        foreach (var (id, name) in MachineProcesses.Of(Node.Machine))
            if (name == "zebra") Meshover.Linux.Processes.ProcessIdentity.TryFind(id)?.Kill();
        await ShellAsync("rm -r /run/other");
    }

    [Fact]
    public async Task Up_PoolThatOverlapsTheMachinesOwnAddress_IsRefused()
    {
        using var netlink = RouteNetlink.OpenIn(Node.Machine.NetworkPath);
        netlink.ReplaceAddress("eth0", IPAddress.Parse("10.249.200.1"), 24);
        await RefusedAsync(await TokenAsync(), [], "10.249.");
        netlink.DeleteAddress(netlink.GetAddresses().Single(address => address.Address.ToString() == "10.249.200.1"));
    }

    [Fact]
    public async Task Up_NoControllerInReach_EndsWithNothingChanged()
    {
        var join = JoinString.Parse(await TokenAsync());
        await RefusedAsync((join with { Controllers = ["192.0.2.99:12913"] }).ToString(), ["--timeout", "3"], "192.0.2.99");
    }

    [Fact]
    public async Task Init_OverlappingPools_AreRefused()
    {
        var result = await Node.Machine.RunAsync(LabPrograms.Controller, ["init", "--pool4", "10.249.0.0/16", "--tunnel-pool", "10.249.128.0/17"], _ct);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("overlap", result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(Node.Machine.Disk("/var/lib/meshover-controller")), "a refused init must leave nothing");
    }

    private async Task<CommandResult> RefusedAsync(string joinString, string[] arguments, string words)
    {
        var before = await SystemSnapshot.TakeAsync(Node.Machine, _ct);
        var result = await Node.UpAsync(joinString, ["--join", "-", "--no-wait", .. arguments], _ct);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        SystemSnapshot.AssertEqual(before, await SystemSnapshot.TakeAsync(Node.Machine, _ct));
        return result;
    }

    private Task<string> TokenAsync() => _mesh.Controller.CreateTokenAsync(grants: [], _ct);

    private async Task ShellAsync(string script) => (await Node.Machine.RunAsync("sh", ["-c", script], _ct)).Checked();
}
