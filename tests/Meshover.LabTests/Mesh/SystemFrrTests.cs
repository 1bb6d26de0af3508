using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>A machine on which the distribution's own FRR runs, started by its own script, as where there is no systemd.</summary>
public sealed class SystemFrrTests
{
    private static readonly string[] Join = ["--join", "-", "--no-wait"];
    private static readonly string[] SystemFrr = ["staticd", "watchfrr", "zebra"];
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_SystemFrrUnconfigured_IsStoppedByConsentAloneAndStartedAgainByDown()
    {
        await using var mesh = await StartAsync();
        var node = mesh.Node(1);
        var join = await mesh.Controller.CreateTokenAsync(1, _ct);
        await StartSystemFrrAsync(node);

        var refused = await node.UpAsync(join, Join, _ct);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("`meshover up --disable-system-frr`", refused.Error, StringComparison.Ordinal);
        Assert.Equal(SystemFrr, Frr(node));

        (await node.UpAsync(join, [.. Join, "--disable-system-frr"], _ct)).Checked();
        await Until.NothingIsMissingAsync("our own FRR runs", TimeSpan.FromSeconds(30), () =>
            Task.FromResult(Frr(node) is ["bfdd", "bgpd", "zebra"] ? null : string.Join(' ', Frr(node))), _ct);

        (await node.MeshoverAsync(["down"], _ct)).Checked();
        Assert.Equal(SystemFrr, Frr(node));
        Assert.Equal([node.Machine.Disk("/var/lib/meshover/identity.json")], Directory.GetFiles(node.Machine.Disk("/var/lib/meshover")));
    }

    [Fact]
    public async Task Up_SystemFrrConfigured_IsNeverStopped()
    {
        await using var mesh = await StartAsync();
        var node = mesh.Node(1);
        (await node.Machine.RunAsync("sh", ["-c", "echo 'ip prefix-list MINE permit any' >>/etc/frr/frr.conf"], _ct)).Checked();
        await StartSystemFrrAsync(node);
        var before = await SystemSnapshot.TakeAsync(node.Machine, _ct);

        var refused = await node.UpAsync(await mesh.Controller.CreateTokenAsync(1, _ct), [.. Join, "--disable-system-frr"], _ct);

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("is configured (/etc/frr/frr.conf says 'ip prefix-list MINE permit any')", refused.Error, StringComparison.Ordinal);
        SystemSnapshot.AssertEqual(before, await SystemSnapshot.TakeAsync(node.Machine, _ct));
    }

    private async Task<LabMesh> StartAsync()
    {
        var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 1 }, TimeProvider.System, _ct);
        await mesh.StartControllerAsync(new TestProgress(), _ct);
        return mesh;
    }

    private async Task StartSystemFrrAsync(LabNode node)
    {
        (await node.Machine.RunAsync("/etc/init.d/frr", ["start"], _ct)).Checked();
        await Until.NothingIsMissingAsync("the system's FRR runs", TimeSpan.FromSeconds(30), () =>
            Task.FromResult(Frr(node).SequenceEqual(SystemFrr) ? null : string.Join(' ', Frr(node))), _ct);
    }

    private static string[] Frr(LabNode node) =>
        [.. MachineProcesses.Of(node.Machine).Select(process => process.Name).Where(name => name is "watchfrr" or "zebra" or "staticd" or "bgpd" or "bfdd").Order()];
}
