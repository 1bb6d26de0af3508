using System.Net;
using System.Net.Sockets;
using Meshover.Linux.Namespaces;
using Meshover.Linux.Processes;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Routing;

namespace Meshover.LabTests.Routing;

/// <summary>What keeps FRR from running is said before anything starts, and the end of a node leaves nothing behind.</summary>
public abstract class RefusalTests : IDisposable
{
    private readonly FrrNode _node;
    private readonly string? _system;

    /// <param name="system">Whose FRR the nodes run; null: this machine's.</param>
    protected RefusalTests(string? system) => (_system, _node) = (system, new FrrNode(9, Models.Node(9, 2), system));

    public void Dispose()
    {
        _node.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task AnotherZebra_InTheNamespace_IsRefusedUntilItIsGone()
    {
        var other = StartForeignZebra();
        await _node.StartSupervisorAsync();
        var refused = await Assert.ThrowsAsync<RoutingException>(() => _node.ApplyAsync());
        Assert.Contains($"Another zebra (process {other.Pid}", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_node.FrrProcessScanIn().Ours);
        Assert.Equal(RoutingState.Failed, await _node.StateAsync());
        other.Kill();
        await other.WaitForExitAsync();
        await _node.ApplyAsync();
        Assert.Equal(RoutingState.Running, await _node.StateAsync());
    }

    [Fact]
    public async Task BgpPort_InUse_IsRefused()
    {
        using var taken = NetworkNamespace.RunIn(_node.Namespace, () => new TcpListener(IPAddress.Any, 12914));
        NetworkNamespace.RunIn(_node.Namespace, taken.Start);
        await _node.StartSupervisorAsync();
        var refused = await Assert.ThrowsAsync<RoutingException>(() => _node.ApplyAsync());
        Assert.Contains("TCP port 12914", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_node.FrrProcessScanIn().Ours);
    }

    [Theory]
    [InlineData("0.0.0.0", 3784)]
    [InlineData("::", 3785)]
    [InlineData("0.0.0.0", 4784)]
    public async Task BfdPort_InUse_IsRefusedWithTheProgramThatHasItUntilItIsFree(string address, int port)
    {
        using var taken = NetworkNamespace.RunIn(_node.Namespace, () => new UdpClient(new IPEndPoint(IPAddress.Parse(address), port)));
        await _node.StartSupervisorAsync();
        var refused = await Assert.ThrowsAsync<RoutingException>(() => _node.ApplyAsync());
        Assert.Contains($"UDP port {port}, on which the mesh's BFD listens, is in use by {OurName} (process {Environment.ProcessId})", refused.Message, StringComparison.Ordinal);
        Assert.Contains("leave routing out", refused.Message, StringComparison.Ordinal);
        Assert.Equal([refused.Message], (await _node.Client.GetStatusAsync()).Errors);
        taken.Dispose();
        await _node.ApplyAsync();
        Assert.Equal(RoutingState.Running, await _node.StateAsync());
        Assert.Empty(NetworkNamespace.RunIn(_node.Namespace, () => RoutingPreflight.FindTakenPorts(_node.Options, 12914)));
    }

    /// <summary>As /proc says it, at most 15 characters.</summary>
    private static string OurName => File.ReadAllText("/proc/self/comm").TrimEnd('\n');

    [Fact]
    public async Task Frr_Missing_IsSaidWithThePackages()
    {
        var problem = Assert.Single(await RoutingPreflight.FindProblemsAsync(_node.Options with { FrrBinaries = "/nonexistent" }, FrrBackendConfig.Process, TimeProvider.System, CancellationToken.None)).Text;
        Assert.Contains("apt install frr", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_MadeAfterItWasConfigured_BringsItsSessionUp()
    {
        using var peer = new FrrNode(8, Models.Node(8, 1).With(Models.Neighbor(9)), _system);
        _node.Model = _node.Model.With(Models.Neighbor(8));
        await Task.WhenAll(_node.StartSupervisorAsync(), peer.StartSupervisorAsync());
        await Task.WhenAll(_node.ApplyAsync(), peer.ApplyAsync());
        FrrNode.Connect(_node, peer);
        await Until.TrueAsync("the session comes up", TimeSpan.FromSeconds(15), () => _node.HasSessionsAsync(1));
        await Until.TrueAsync("its routes are there", TimeSpan.FromSeconds(5), () => _node.BgpRoutes().ContainsKey("10.64.8.0/24"));

        await peer.Client.StopAsync();
        await peer.Supervisor!.WaitForExitAsync();
        Assert.Empty(peer.FrrProcessScanIn().Ours);
        Assert.Empty(peer.BgpRoutes());
        Assert.False(Directory.Exists(peer.Options.FrrDirectory));
        Assert.False(File.Exists(peer.Options.SocketPath));
        Assert.False(Directory.Exists($"/run/frr/{new FrrFiles(peer.Options).Mgmtd.Name}"), "mgmtd's sockets are gone");
        await Until.TrueAsync("its neighbour forgets it at once", TimeSpan.FromSeconds(5), () => !_node.BgpRoutes().ContainsKey("10.64.8.0/24"));
    }

    private ProcessIdentity StartForeignZebra()
    {
        var directory = $"{_node.RunDirectory}/foreign";
        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, (UnixFileMode)0x1ff);
        string[] arguments = ["-u", "frr", "-g", "frr", "--vty_socket", directory, "-z", $"{directory}/z.api", "-i", $"{directory}/z.pid", "-A", "127.0.0.1", "-P", "0"];
        return DetachedProcess.Start("/usr/lib/frr/zebra", arguments, null, _node.Namespace);
    }
}
