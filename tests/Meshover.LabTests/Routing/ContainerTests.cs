using System.Net;
using Meshover.Lab;
using Meshover.Linux.Processes;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;

namespace Meshover.LabTests.Routing;

/// <summary>FRR in containers of real engines: what dies comes back, and who keeps it may go.</summary>
public sealed class ContainerTests(ContainerMesh mesh) : IClassFixture<ContainerMesh>
{
    [Fact]
    public async Task Nodes_OfBothEnginesAndOfNone_ReachEachOtherByBothFamiliesAndSayTheirRelease()
    {
        await mesh.WholeAsync();
        foreach (var from in mesh.Nodes)
            foreach (var to in mesh.Nodes.Where(to => to != from))
                foreach (var address in (IPAddress[])[to.Model.Source4, to.Model.Source6])
                    await PingAsync(from, address);
        foreach (var inside in (int[])[ContainerMesh.InDocker, ContainerMesh.InPodman])
        {
            var status = await mesh.Node(inside).Client.GetStatusAsync();
            Assert.Equal(Frr10Mesh.Release, status.FrrVersion);
            Assert.Equal(["mgmtd", "zebra", "bfdd", "bgpd"], status.Daemons.Select(daemon => daemon.Name));
            Assert.Contains("FRRouting 10.3", await mesh.Node(inside).VtyshAsync("show version"), StringComparison.Ordinal);
        }
        Assert.DoesNotContain("10.3", (await mesh.Node(1).Client.GetStatusAsync()).FrrVersion, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ContainerMesh.InDocker)]
    [InlineData(ContainerMesh.InPodman)]
    public async Task Container_Killed_IsMadeAnewAndNoMoreThanOnePacketIsLost(int number)
    {
        var (node, engine) = (mesh.Node(number), mesh.EngineOf(number));
        await mesh.WholeAsync();
        var (before, restarts) = (Assert.Single(await engine.ContainersAsync()), (await node.Client.GetStatusAsync()).Restarts);
        var first = await engine.FirstProcessAsync(before);
        var kept = 0;
        var lost = await FrrMesh.LostAsync(mesh.Node(4), node, 6, async () =>
        {
            first.Kill();
            await Until.TrueAsync("all of FRR is dead", TimeSpan.FromSeconds(5), () => node.FrrProcessScanIn().Ours.IsEmpty);
            kept = node.BgpRoutes().Count;
        });
        await mesh.WholeAsync();
        Assert.Equal(4 * (FrrMesh.Count - 1), kept);
        Assert.InRange(lost, 0, 1);
        Assert.NotEqual(before, Assert.Single(await engine.ContainersAsync()));
        Assert.Equal(restarts + 1, (await node.Client.GetStatusAsync()).Restarts);
    }

    [Fact]
    public async Task Daemon_KilledInAContainer_AllStartAgainAndNoMoreThanOnePacketIsLost()
    {
        var node = mesh.Node(ContainerMesh.InPodman);
        await mesh.WholeAsync();
        var before = await DaemonsAsync(node);
        var lost = await FrrMesh.LostAsync(mesh.Node(4), node, 6, async () => (await node.DaemonAsync("mgmtd")).Kill());
        await mesh.WholeAsync();
        Assert.InRange(lost, 0, 1);
        Assert.Empty(before.Intersect(await DaemonsAsync(node)));
        Assert.Single(await mesh.EngineOf(ContainerMesh.InPodman).ContainersAsync());
    }

    [Fact]
    public async Task Engines_KilledAndRoutingToo_FrrIsAdoptedAndNothingIsLost()
    {
        await mesh.WholeAsync();
        await Task.WhenAll(WithoutItsEngineAsync(ContainerMesh.InDocker), WithoutItsEngineAsync(ContainerMesh.InPodman));
    }

    /// <summary>With the engine away nothing changes, nor when a keeper starts meanwhile; with it back the same FRR is still there.</summary>
    private async Task WithoutItsEngineAsync(int number)
    {
        var (node, engine) = (mesh.Node(number), mesh.EngineOf(number));
        var before = await DaemonsAsync(node);
        var lost = await FrrMesh.LostAsync(mesh.Node(4), node, 8, async () =>
        {
            await engine.KillAsync();
            await node.RestartSupervisorAsync([]);
            Assert.True(await node.HasSessionsAsync(FrrMesh.Count - 1), "vtysh works without the engine");
            Assert.False((await node.ApplyAsync()).Restarted);
            await engine.StartAsync();
            await node.RestartSupervisorAsync([]);
        });
        Assert.Equal(0, lost);
        Assert.Equal(before, await DaemonsAsync(node));
        Assert.Equal(new ApplyResult(0, Restarted: false), await node.ApplyAsync());
    }

    /// <summary>As an upgraded package: at the next start of `meshover routing`.</summary>
    [Fact]
    public async Task Image_Upgraded_IsTakenAtTheNextStartAndNoMoreThanOnePacketIsLost()
    {
        var (node, engine) = (mesh.Node(ContainerMesh.InDocker), mesh.EngineOf(ContainerMesh.InDocker));
        await mesh.WholeAsync();
        var before = await ImageOfAsync(engine);
        await engine.ImportAsync();
        var lost = await FrrMesh.LostAsync(mesh.Node(4), node, 8, () => node.RestartSupervisorAsync([]));
        await mesh.WholeAsync();
        Assert.InRange(lost, 0, 1);
        Assert.NotEqual(before, await ImageOfAsync(engine));
    }

    [Fact]
    public async Task Place_Changed_FrrMovesAndMovesBackAndNoMoreThanOnePacketIsLost()
    {
        var (node, engine) = (mesh.Node(ContainerMesh.InPodman), mesh.EngineOf(ContainerMesh.InPodman));
        await mesh.WholeAsync();
        var inside = node.Backend;
        node.Backend = FrrBackendConfig.Process;
        Assert.InRange(await FrrMesh.LostAsync(mesh.Node(4), node, 6, () => node.ApplyAsync()), 0, 1);
        await mesh.WholeAsync();
        Assert.Empty(await engine.ContainersAsync());
        Assert.DoesNotContain("10.3", (await node.Client.GetStatusAsync()).FrrVersion, StringComparison.Ordinal);

        node.Backend = inside;
        Assert.InRange(await FrrMesh.LostAsync(mesh.Node(4), node, 6, () => node.ApplyAsync()), 0, 1);
        await mesh.WholeAsync();
        Assert.Equal(Frr10Mesh.Release, (await node.Client.GetStatusAsync()).FrrVersion);
    }

    /// <summary>Refused in a sentence, with FRR as it was and nothing left over.</summary>
    [Theory]
    [InlineData("engine")]
    [InlineData("image")]
    [InlineData("digest")]
    [InlineData("content")]
    [InlineData("words")]
    public async Task Place_ThatCannotBe_IsRefusedAndFrrStaysAsItWas(string wrong)
    {
        const string digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        var (node, engine) = (mesh.Node(ContainerMesh.InDocker), mesh.EngineOf(ContainerMesh.InDocker));
        if (wrong == "words") await engine.CheckedAsync("tag", ContainerEngine.Image, ContainerEngine.OtherImage);
        if (wrong == "content") await engine.ImportAsync(ContainerImages.SleepAloneAsync, ContainerEngine.ImageWithoutFrr);
        await mesh.WholeAsync();
        var (before, containers, routes) = (await DaemonsAsync(node), await engine.ContainersAsync(), node.BgpRoutes());
        var right = node.Backend;
        var (backend, words) = wrong switch
        {
            "engine" => (right with { Socket = "/nonexistent/docker.sock" }, "Docker does not answer at /nonexistent/docker.sock"),
            "image" => (right with { Image = "no-such-image" }, "Docker has no image no-such-image: build it"),
            "digest" => (right with { Image = $"{ContainerEngine.Image}@{digest}" }, $"and not {digest}, which frr-image demands"),
            "words" => (right with { Image = ContainerEngine.OtherImage }, "no-such-command"),
            _ => (right with { Image = ContainerEngine.ImageWithoutFrr }, $"the image {ContainerEngine.ImageWithoutFrr} has no FRR (/usr/lib/frr/zebra"),
        };
        node.Backend = backend;
        var wanted = Wanted(node);
        var refused = await Assert.ThrowsAsync<RoutingException>(() => node.Client.ApplyAsync(wrong == "words" ? wanted with { Bgpd = $"{wanted.Bgpd}no-such-command\n" } : wanted));
        node.Backend = right;
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await DaemonsAsync(node));
        Assert.Equal(containers, await engine.ContainersAsync());
        Assert.Equal(routes, node.BgpRoutes());
        Assert.Equal(new ApplyResult(0, Restarted: false), await node.ApplyAsync());
    }

    /// <summary>With another engine's being away, or an image whose daemons do not start: what a neighbour may say is not left as it was.</summary>
    [Theory]
    [InlineData("engine")]
    [InlineData("daemon")]
    public async Task Place_Refused_WhatElseChangedIsAppliedWhereFrrRuns_AndFrrIsNotMovedToAndFro(string wrong)
    {
        var (node, engine) = (mesh.Node(ContainerMesh.InDocker), mesh.EngineOf(ContainerMesh.InDocker));
        await mesh.WholeAsync();
        if (wrong == "daemon") await engine.SpoilAsync("bfdd", ContainerEngine.OtherImage);
        var right = node.Backend;
        node.Backend = wrong == "engine" ? right with { Socket = "/nonexistent/docker.sock" } : right with { Image = ContainerEngine.OtherImage };
        await Assert.ThrowsAsync<RoutingException>(node.ApplyAsync);
        var before = await DaemonsAsync(node);
        var wanted = Wanted(node);
        await Assert.ThrowsAsync<RoutingException>(() => node.Client.ApplyAsync(wanted with { Bgpd = $"{wanted.Bgpd}ip prefix-list LAB seq 5 permit 192.0.2.0/24\n" }));
        node.Backend = right;
        Assert.Contains("192.0.2.0/24", await node.VtyshAsync("show running-config bgpd"), StringComparison.Ordinal);
        Assert.Equal(before, await DaemonsAsync(node));
        Assert.Single(await engine.ContainersAsync());
        Assert.False((await node.ApplyAsync()).Restarted);
        await mesh.WholeAsync();
    }

    /// <summary>It could not be started again.</summary>
    [Fact]
    public async Task Image_Gone_FrrIsAdoptedAllTheSame()
    {
        var (node, engine) = (mesh.Node(ContainerMesh.InDocker), mesh.EngineOf(ContainerMesh.InDocker));
        await mesh.WholeAsync();
        var (before, image) = (await DaemonsAsync(node), await engine.CheckedAsync("inspect", "--format", "{{.Id}}", ContainerEngine.Image));
        await engine.CheckedAsync("tag", image, "frr-kept:1");
        await engine.CheckedAsync("rmi", ContainerEngine.Image);
        await node.RestartSupervisorAsync([]);
        await engine.CheckedAsync("tag", image, ContainerEngine.Image);
        Assert.Equal(before, await DaemonsAsync(node));
    }

    [Fact]
    public async Task Digest_OfTheImageItself_IsTaken_AndStaysItWhenItsNameIsAnothers()
    {
        var (node, engine) = (mesh.Node(ContainerMesh.InDocker), mesh.EngineOf(ContainerMesh.InDocker));
        await mesh.WholeAsync();
        var right = node.Backend;
        node.Backend = right with { Image = $"{ContainerEngine.Image}@{await engine.CheckedAsync("inspect", "--format", "{{.Id}}", ContainerEngine.Image)}" };
        Assert.True((await node.ApplyAsync()).Restarted);
        var before = await DaemonsAsync(node);
        await engine.ImportAsync();
        await node.RestartSupervisorAsync([]);
        Assert.Equal(before, await DaemonsAsync(node));
        node.Backend = right;
        Assert.True((await node.ApplyAsync()).Restarted);
        Assert.Single(await engine.ContainersAsync());
    }

    [Fact]
    public async Task Frr_Stopped_LeavesNoContainerNorFiles()
    {
        var (node, engine) = (mesh.Node(ContainerMesh.InPodman), mesh.EngineOf(ContainerMesh.InPodman));
        await mesh.WholeAsync();
        await node.Client.StopAsync();
        Assert.Empty(await engine.ContainersAsync());
        Assert.False(Directory.Exists(node.Options.FrrDirectory));
        Assert.Empty(node.BgpRoutes());
        await node.StartSupervisorAsync();
        await node.ApplyAsync();
        await mesh.WholeAsync();
    }

    private static FrrConfig Wanted(FrrNode node) => FrrRenderer.Render(node.Model, FrrTemplateSet.Embedded) with { Backend = node.Backend };

    private static Task<ProcessIdentity[]> DaemonsAsync(FrrNode node) => Task.WhenAll(FrrDaemon.AnyRelease.Select(daemon => node.DaemonAsync(daemon.Name)));

    private static async Task<string> ImageOfAsync(ContainerEngine engine) => await engine.CheckedAsync("inspect", "--format", "{{.Image}}", Assert.Single(await engine.ContainersAsync()));

    private static async Task PingAsync(FrrNode from, IPAddress to)
    {
        var ending = await new ProgramRun("ping", "-q", "-c", "1", "-W", "2", $"{to}") { NamespacePath = from.Namespace }.RunAsync(CancellationToken.None);
        Assert.True(ending.ExitCode == 0, $"{from.Name} reaches {to}: {ending.Output}");
    }
}
