using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Meshover.Linux.Namespaces;

namespace Meshover.LabTests.Cli;

/// <summary>`meshover doctor` on a real kernel with the real programs of others.</summary>
public sealed class DoctorTests : IAsyncLifetime
{
    private readonly CliBed _bed = new();

    public ValueTask InitializeAsync() => _bed.InitializeAsync();

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task NothingInTheWay_BeforeAndAfterUp_EndsWith0()
    {
        Assert.Empty(await FindAsync(0));
        await UpAsync();
        Assert.Empty(await FindAsync(0));
    }

    [Fact]
    public async Task EverythingInUse_EachIsFound_AndNothingIsChanged()
    {
        await MachineAsync("ip link add meshover0 type veth peer name other0");
        await MachineAsync("ip route add 10.1.0.0/16 via 192.0.2.254 table 7401");
        await MachineAsync("ip rule add pref 32765 fwmark 1 lookup 100");
        await MachineAsync("ip addr add 10.249.7.1/24 dev eth0");
        await MachineAsync("sysctl -w net.ipv6.conf.all.disable_ipv6=1");
        using var udp = Listen(SocketType.Dgram, ProtocolType.Udp, 12912);
        using var tcp = Listen(SocketType.Stream, ProtocolType.Tcp, 12914);
        tcp.Listen();
        using var bfd = Listen(SocketType.Dgram, ProtocolType.Udp, 3784);
        var before = await _bed.KernelAsync();

        var found = await FindAsync(1, "--fix");

        Assert.Equal(["interface-name", "port", "port", "port", "routing-table", "rule-preference", "address-pool", "ipv6"], found);
        Assert.Equal(before, await _bed.KernelAsync());
    }

    [Fact]
    public async Task TwoUplinks_RuleForWhatIsBehindUs_IsFoundAndTheAdviceMendsIt()
    {
        await UpAsync("--announce", "10.64.1.0/24");
        await MachineAsync("ip route add default via 192.0.2.254 table 102");
        await MachineAsync("ip rule add pref 100 from 192.0.2.1 lookup 102");
        Assert.Empty(await FindAsync(0));

        await MachineAsync("ip rule add pref 200 from 10.64.1.0/24 lookup 102");
        Assert.Equal(["policy-rule"], await FindAsync(1));

        await MachineAsync("ip rule add pref 199 from all lookup main suppress_prefixlength 0");
        Assert.Empty(await FindAsync(0));
    }

    [Fact]
    public async Task Docker_PolicyDrop_FixPutsTwoTaggedRulesIn_AndDownTakesThemOut()
    {
        await UpAsync();
        await DockerAsync();
        var before = await MachineAsync("iptables -S");
        Assert.Equal(["docker"], await FindAsync(1));

        Assert.Equal(["docker"], await FindAsync(0, "--fix"));

        Assert.Empty(await FindAsync(0));
        Assert.Contains("-A DOCKER-USER -i mo-+ -m comment --comment meshover -j ACCEPT", await MachineAsync("iptables -S"), StringComparison.Ordinal);
        (await _bed.MeshoverAsync("down")).Checked();
        Assert.Equal(before, await MachineAsync("iptables -S"));
    }

    [Fact]
    public async Task Docker_ByConsent_TheAgentKeepsTheRules_AlsoWhenDockerComesLater()
    {
        await UpAsync("--docker-user", "true");
        await DockerAsync();
        await Until.TrueAsync("the rules are there", TimeSpan.FromSeconds(30), async () => (await _bed.MeshoverAsync("doctor")).ExitCode == 0);

        await MachineAsync("iptables -F DOCKER-USER");

        await Until.TrueAsync("the rules are back", TimeSpan.FromSeconds(30), async () => (await _bed.MeshoverAsync("doctor")).ExitCode == 0);
    }

    [Fact]
    public async Task OwnNftables_ThatDropInput_AreFoundAndTheAdviceMendsIt()
    {
        await UpAsync();
        await MachineAsync("nft add table inet mine");
        await MachineAsync("nft add chain inet mine in { type filter hook input priority 0; policy drop; }");
        await MachineAsync("nft add rule inet mine in ct state established,related accept");
        Assert.Equal(["firewall", "firewall", "firewall"], await FindAsync(1));

        await MachineAsync("nft add rule inet mine in udp dport 12912 accept");
        await MachineAsync("nft add rule inet mine in iifname mo-* accept");

        Assert.Empty(await FindAsync(0));
    }

    private async Task<string[]> FindAsync(int exitCode, params string[] arguments)
    {
        var result = await _bed.MeshoverAsync(["doctor", "--json", .. arguments]);
        Assert.True(result.ExitCode == exitCode, $"exit code {result.ExitCode}: {result.Output}{result.Error}");
        using var json = JsonDocument.Parse(result.Output);
        // Of the machine that the tests run on.
        return [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("check").GetString()!).Where(c => c != "network-manager")];
    }

    private async Task UpAsync(params string[] arguments) =>
        (await _bed.MeshoverAsync(["up", "--join", _bed.Join, "--hostname", "n1", .. arguments])).Checked();

    // A command with no blanks in its words.
    private async Task<string> MachineAsync(string command) => (await _bed.OnMachineAsync(command.Split(' '))).Checked();

    // What dockerd 20.10 does at its start.
    private async Task DockerAsync()
    {
        foreach (var command in (string[])
        [
            "-N DOCKER", "-N DOCKER-ISOLATION-STAGE-1", "-N DOCKER-USER", "-A DOCKER-USER -j RETURN", "-A DOCKER-ISOLATION-STAGE-1 -j RETURN",
            "-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-ISOLATION-STAGE-1", "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            "-A FORWARD -o docker0 -j DOCKER", "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT", "-A FORWARD -i docker0 -o docker0 -j ACCEPT", "-P FORWARD DROP",
        ])
            await MachineAsync($"iptables {command}");
    }

    private Socket Listen(SocketType type, ProtocolType protocol, int port)
    {
        var socket = NetworkNamespace.RunIn(NetworkNamespace.PathOf(_bed.NodeNamespace), () => new Socket(AddressFamily.InterNetwork, type, protocol));
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    }
}
