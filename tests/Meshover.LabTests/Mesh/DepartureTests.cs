using Meshover.Lab;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>Taking a node out leaves the machine as it was.</summary>
public sealed class DepartureTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Node_DownThenUpThenLeave_LeavesMachineAsItWasAndKeepsIdentityOnlyUntilLeave()
    {
        await using var mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, _ct);
        await mesh.StartControllerAsync(new TestProgress(), _ct);
        var node = mesh.Node(1);
        var before = await SystemSnapshot.TakeAsync(node.Machine, _ct);
        await mesh.JoinAllAsync(new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var numbers = (await node.StatusAsync(_ct)).Numbers;

        (await node.MeshoverAsync(["down"], _ct)).Checked();
        SystemSnapshot.AssertEqual(before, await SystemSnapshot.TakeAsync(node.Machine, _ct), IsIdentity);
        Assert.True(File.Exists(node.Machine.Disk("/var/lib/meshover/identity.json")), "`down` must keep the identity");

        (await node.UpAsync(input: null, [], _ct)).Checked();
        await mesh.SettledAsync(_ct);
        Assert.Equal(numbers, (await node.StatusAsync(_ct)).Numbers);

        (await node.MeshoverAsync(["leave"], _ct)).Checked();
        SystemSnapshot.AssertEqual(before, await SystemSnapshot.TakeAsync(node.Machine, _ct));
        await Until.NothingIsMissingAsync("n2 has no peer any more", TimeSpan.FromSeconds(5), async () =>
            (await mesh.Node(2).StatusAsync(_ct)).Peers is { Count: > 0 } peers ? $"{peers.Count} peers" : null, _ct);
    }

    // The file, and the directory that holds it.
    private static bool IsIdentity(string line) => line is "file /var/lib/meshover" or "file /var/lib/meshover/identity.json";
}
