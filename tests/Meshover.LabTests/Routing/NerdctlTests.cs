using Meshover.Lab;
using Meshover.Linux.Processes;
using Meshover.Routing.Supervision;
using Meshover.UnitTests.Routing;

namespace Meshover.LabTests.Routing;

/// <summary>FRR in a container of a real containerd, by the command lines of nerdctl, which a script of the tests understands (nerdctl-by-ctr).</summary>
public sealed class NerdctlTests : IAsyncLifetime
{
    private readonly FrrNode _node = new(9, Models.Node(9, 2));
    private readonly ContainerdOfTheLab _engine;

    public NerdctlTests() => _engine = new ContainerdOfTheLab(_node.Namespace);

    public async ValueTask InitializeAsync()
    {
        await _engine.StartAsync();
        await _engine.ImportAsync();
        _node.StartedBy = ["env", $"PATH={_engine.Commands}:{Environment.GetEnvironmentVariable("PATH")}"];
        _node.Backend = _engine.Backend;
        await _node.StartSupervisorAsync();
        await _node.ApplyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _node.Supervisor?.Kill();
        await _engine.DisposeAsync();
        _node.Dispose();
    }

    [Fact]
    public async Task Container_LivesAndDiesAsThoseOfOtherEngines()
    {
        Assert.Equal(Frr10Mesh.Release, (await _node.Client.GetStatusAsync()).FrrVersion);
        Assert.Contains("FRRouting 10.3", await _node.VtyshAsync("show version"), StringComparison.Ordinal);

        // `meshover routing` dies, and the engine is away meanwhile: adopted.
        var before = await _node.DaemonAsync("zebra");
        await _engine.KillAsync();
        await _node.RestartSupervisorAsync([]);
        await _engine.StartAsync();
        await _node.RestartSupervisorAsync([]);
        Assert.Equal(before, await _node.DaemonAsync("zebra"));

        // The container dies: made anew.
        var first = Assert.Single(await _engine.ContainersAsync());
        (await _engine.FirstProcessAsync(first)).Kill();
        await AnotherRunsAsync(first);

        // Another image of that name: taken at the next start.
        var second = Assert.Single(await _engine.ContainersAsync());
        await _engine.ImportAsync();
        await _node.RestartSupervisorAsync([]);
        await AnotherRunsAsync(second);

        // An engine that is not there.
        _node.Backend = _engine.Backend with { Socket = "/nonexistent/containerd.sock" };
        var refused = await Assert.ThrowsAsync<RoutingException>(_node.ApplyAsync);
        Assert.Contains("containerd does not answer at /nonexistent/containerd.sock", refused.Message, StringComparison.Ordinal);
        _node.Backend = _engine.Backend with { Image = "no-such-image:1" };
        refused = await Assert.ThrowsAsync<RoutingException>(_node.ApplyAsync);
        Assert.Contains("containerd has no image no-such-image:1", refused.Message, StringComparison.Ordinal);

        await _node.Client.StopAsync();
        Assert.Empty(await _engine.ContainersAsync());
    }

    private async Task AnotherRunsAsync(string former) => await Until.TrueAsync("another container runs FRR", TimeSpan.FromSeconds(30), async () =>
        await _node.StateAsync() == RoutingState.Running && await _engine.ContainersAsync() is [var now] && now != former);
}
