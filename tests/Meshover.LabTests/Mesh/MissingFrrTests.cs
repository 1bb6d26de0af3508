using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>A machine without FRR: only a mount namespace of its own can be one.</summary>
public sealed class MissingFrrTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Up_FrrMissing_IsRefusedWithThePackageToInstallAndChangesNothing()
    {
        await using var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 1 }, TimeProvider.System, _ct);
        await mesh.StartControllerAsync(new TestProgress(), _ct);
        var node = mesh.Node(1);
        (await node.Machine.RunAsync("mount", ["-t", "tmpfs", "none", "/usr/lib/frr"], _ct)).Checked();
        var before = await SystemSnapshot.TakeAsync(node.Machine, _ct);

        var result = await node.UpAsync(await mesh.Controller.CreateTokenAsync(1, _ct), ["--join", "-", "--no-wait"], _ct);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("frr", result.Error, StringComparison.Ordinal);
        SystemSnapshot.AssertEqual(before, await SystemSnapshot.TakeAsync(node.Machine, _ct));
    }
}
