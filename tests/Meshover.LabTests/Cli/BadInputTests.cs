using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Meshover.Lab;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>What cannot work ends with one sentence and an exit code, and the machine is as it was.</summary>
public sealed class BadInputTests(CliBed bed) : IClassFixture<CliBed>, IAsyncLifetime
{
    private string _before = "";

    public async ValueTask InitializeAsync() => _before = await MachineAsync();

    // What a test put in the way is gone for the next one.
    public async ValueTask DisposeAsync()
    {
        if (Path.GetDirectoryName(bed.Config) is { } configuration && Directory.Exists(configuration)) Directory.Delete(configuration, recursive: true);
        await bed.OnMachineAsync("ip", "link", "delete", "meshover0");
        await bed.OnMachineAsync("ip", "addr", "delete", "10.249.7.1/24", "dev", "eth0");
        (await bed.OnMachineAsync("ip", "link", "set", "eth0", "up")).Checked();
        await Until.TrueAsync("the machine is as it was before the test", TimeSpan.FromSeconds(10), async () => await MachineAsync() == _before);
    }

    [Fact]
    public Task Up_WithoutJoinString_IsRefused() => RefusedAsync(1, "belongs to no mesh yet", "up");

    [Fact]
    public Task Run_WithoutJoinString_IsRefused() => RefusedAsync(1, "set MESHOVER_JOIN to a join string", "run");

    [Fact]
    public Task Up_DamagedJoinString_IsRefused() => RefusedAsync(2, "The join string is damaged", "up", "--join", bed.Join[..^9]);

    [Fact]
    public Task Up_MissingJoinFile_IsRefused() => RefusedAsync(2, "cannot be read from \"/nonexistent\"", "up", "--join", "@/nonexistent");

    [Fact]
    public Task Up_BadFlags_AreAllReported() =>
        RefusedAsync(2, ["--mtu: \"9\" is", "--announce: \"10.0.0.1/8\" has"], "up", "--join", bed.Join, "--mtu", "9", "--announce", "10.0.0.1/8");

    [Fact]
    public async Task Up_UnparsableConfiguration_IsRefused()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(bed.Config)!);
        await File.WriteAllTextAsync(bed.Config, "announce: [10.0.0.0/8\n");

        await RefusedAsync(2, "this is not YAML", "up", "--join", bed.Join);
    }

    [Fact]
    public async Task Up_UsedToken_IsRefused()
    {
        var join = (await bed.AdminAsync("token", "create", "--uses", "1")).Checked();
        await JoinAndForgetAsync(join, "first");

        await RefusedAsync(1, "used up", "up", "--join", join, "--hostname", "second");
    }

    [Fact]
    public async Task Up_ExpiredToken_IsRefused()
    {
        var join = (await bed.AdminAsync("token", "create", "--lifetime", "1s")).Checked();
        await Until.TrueAsync("the token has ended", TimeSpan.FromSeconds(20), async () =>
            (await bed.AdminAsync("token", "list", "--json")).Checked().Contains("\"expired\"", StringComparison.Ordinal));

        await RefusedAsync(1, "expired", "up", "--join", join);
    }

    [Fact]
    public async Task Up_RevokedToken_IsRefused()
    {
        var id = (await bed.AdminAsync("token", "create", "--json")).Checked();
        using var token = System.Text.Json.JsonDocument.Parse(id);
        var (name, join) = (Text(token, "id"), Text(token, "joinString"));
        (await bed.AdminAsync("token", "revoke", name)).Checked();

        await RefusedAsync(1, "revoked", "up", "--join", join);
    }

    [Fact]
    public async Task Up_HostnameOfAnother_IsRefusedWithTheWayOut()
    {
        await JoinAndForgetAsync(bed.Join, "taken");

        await RefusedAsync(1, "node remove", "up", "--join", bed.Join, "--hostname", "taken");
    }

    [Fact]
    public async Task Up_WrongAuthority_IsRefused() => await RefusedAsync(1, "another mesh's controller", "up", "--join", await bed.JoinOfAnotherMeshAsync());

    [Fact]
    public async Task Up_NoController_EndsInTime()
    {
        (await bed.OnMachineAsync("ip", "link", "set", "eth0", "down")).Checked();

        await RefusedAsync(1, "No controller admitted this node within 2 s", "up", "--join", bed.Join, "--timeout", "2");
    }

    [Fact]
    public async Task Up_Interrupted_LeavesNothing()
    {
        (await bed.OnMachineAsync("ip", "link", "set", "eth0", "down")).Checked();
        var (files, kernel) = (bed.Files().ToArray(), await bed.KernelAsync());
        var up = bed.Start(new Dictionary<string, string?>(), "up", "--join", bed.Join, "--timeout", "300");
        await Until.TrueAsync("it tries", TimeSpan.FromSeconds(20), async () => (await bed.LogAsync()).Contains("No answer yet", StringComparison.Ordinal));

        Assert.True(up.Signal(PosixSignal.SIGINT));

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await up.WaitForExitAsync(deadline.Token);
        Assert.Contains("meshover: Interrupted", await bed.LogAsync(), StringComparison.Ordinal);
        Assert.Equal(files, bed.Files());
        Assert.Equal(kernel, await bed.KernelAsync());
    }

    [Fact]
    public async Task Up_PoolThatTheMachineUses_IsRefusedAndTheNameIsFreeAgain()
    {
        (await bed.OnMachineAsync("ip", "addr", "add", "10.249.7.1/24", "dev", "eth0")).Checked();

        await RefusedAsync(1, "overlaps 10.249.7.1/24, which this machine has on eth0", "up", "--join", bed.Join, "--hostname", "free");

        Assert.DoesNotContain("free", (await bed.AdminAsync("node", "list")).Checked(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_InterfaceOfOurName_IsRefused()
    {
        (await bed.OnMachineAsync("ip", "link", "add", "meshover0", "type", "veth", "peer", "name", "other0")).Checked();

        await RefusedAsync(1, "The interface meshover0 is of kind veth and not Meshover's", "up", "--join", bed.Join);
    }

    [Fact]
    public async Task Up_PortInUse_IsRefused()
    {
        using var socket = NetworkNamespace.RunIn(NetworkNamespace.PathOf(bed.NodeNamespace), () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.Bind(new IPEndPoint(IPAddress.Any, 12912));

        await RefusedAsync(1, "UDP port 12912 is in use", "up", "--join", bed.Join);
    }

    [Fact]
    public async Task Up_AnotherZebra_IsRefused()
    {
        var directory = Directory.CreateTempSubdirectory("zebra-").FullName;
        (await Programs.RunAsync("chown", ["frr:frr", directory])).Checked();
        var zebra = DetachedProcess.Start(
            "/usr/lib/frr/zebra",
            ["-u", "frr", "-g", "frr", "--vty_socket", directory, "-z", $"{directory}/zserv.api", "-i", $"{directory}/zebra.pid", "-f", "/dev/null", "-A", "127.0.0.1", "-P", "0"],
            networkNamespacePath: NetworkNamespace.PathOf(bed.NodeNamespace));
        try
        {
            await RefusedAsync(1, $"Another zebra (process {zebra.Pid}", "up", "--join", bed.Join);
        }
        finally
        {
            zebra.Kill();
            await zebra.WaitForExitAsync();
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Up_NotRoot_IsRefused()
    {
        var result = await Programs.RunAsync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", LabPrograms.Meshover, "up", "--join", bed.Join]);

        Assert.Equal(2, result.ExitCode);
        Assert.Equal("meshover: `meshover up` changes interfaces, routes and FRR: run it as root.\n", result.Error);
    }

    private async Task JoinAndForgetAsync(string join, string hostName)
    {
        (await bed.MeshoverAsync("up", "--join", join, "--hostname", hostName, "--no-wait")).Checked();
        (await bed.MeshoverAsync("down")).Checked();
        Directory.Delete(bed.State, recursive: true);
    }

    private async Task<string> MachineAsync() => string.Join('\n', (await bed.KernelAsync()).Split('\n').Order(StringComparer.Ordinal)) + string.Join('\n', bed.Files());

    /// <summary>The exit code, one line for each reason that says why, and nothing changed: no file more, no interface, no route.</summary>
    private Task RefusedAsync(int exitCode, string why, params string[] arguments) => RefusedAsync(exitCode, [why], arguments);

    private async Task RefusedAsync(int exitCode, string[] reasons, params string[] arguments)
    {
        var (files, kernel) = (bed.Files().ToArray(), await bed.KernelAsync());

        var result = await bed.MeshoverAsync(arguments);

        Assert.Equal(exitCode, result.ExitCode);
        var lines = result.Error.Split('\n').Where(line => line.StartsWith("meshover: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(reasons.Length, lines.Length);
        Assert.All(reasons, reason => Assert.Single(lines, line => line.Contains(reason, StringComparison.Ordinal)));
        Assert.Equal(files, bed.Files());
        Assert.Equal(kernel, await bed.KernelAsync());
    }

    private static string Text(System.Text.Json.JsonDocument document, string name) => document.RootElement.GetProperty(name).GetString()!;
}
