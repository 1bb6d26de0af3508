using Grpc.Core;
using Meshover.Contract.V1;

namespace Meshover.LabTests.Controller;

public sealed class RestoreTests
{
    [Fact]
    public async Task Restore_AfterOneHundredMoreEnrolments_BringsEveryNodeBackWithItsNumbers()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync("--credential-lifetime", "10s", "--clock-skew", "0s");
        var nodes = Enumerable.Range(0, 110).Select(i => new TestNode(join, $"n{i}")).ToList();
        foreach (var node in nodes.Take(10))
            await node.EnrolAsync();
        var backup = Path.Combine(controller.Root, "backup");
        var written = await ControllerProcess.RunAsync(["backup", .. controller.Paths, backup]); // while it runs
        Assert.True(written.ExitCode == 0, written.Error);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(backup));
        await Parallel.ForEachAsync(nodes.Skip(10), async (node, cancel) => await node.EnrolAsync(cancel));
        var oldStore = await StoreIdAsync(nodes[0]);
        using (var admin = new AdminClient(controller.AdminSocket))
        {
            await admin.Api.RemoveNodeAsync(new RemoveNodeRequest { Node = "n109" });
            await admin.Api.RemoveNodeAsync(new RemoveNodeRequest { Node = "n9" });
        }

        var running = await ControllerProcess.RunAsync(["restore", .. controller.Paths, "--replace", backup]);
        running.ShouldRefuse("another controller is using it", "stop");
        nodes.ForEach(node => node.Disconnect());
        await controller.StopAsync();
        var without = await ControllerProcess.RunAsync(["restore", .. controller.Paths, backup]);
        without.ShouldRefuse("already holds a mesh", "--replace");
        var restored = await ControllerProcess.RunAsync(["restore", .. controller.Paths, "--replace", "--adopt", "7d", backup]);
        Assert.True(restored.ExitCode == 0, restored.Error);
        Assert.Contains("2 node(s) gone", restored.Error, StringComparison.Ordinal);
        await controller.ServeAsync();

        Assert.NotEqual(oldStore, await StoreIdAsync(nodes[0]));
        using var newcomer = new TestNode(join, "newcomer");
        await newcomer.EnrolAsync();
        // Also with a credential that has expired meanwhile.
        await Until.TrueAsync("credentials expire", TimeSpan.FromSeconds(30), () => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() > nodes[108].Credential!.ExpiresUnix);
        var (removed, members) = ((TestNode[])[nodes[9], nodes[109]], nodes.Except([nodes[9], nodes[109]]).ToList());
        foreach (var node in members)
            await node.RenewAsync();
        foreach (var node in removed)
            Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(node.RenewAsync)).StatusCode);

        using var stream = nodes[50].Follow();
        var map = new Dictionary<string, NodeInfo>();
        while (map.Count < members.Count + 1)
        {
            var message = await stream.NextAsync();
            foreach (var node in message.Snapshot?.Nodes ?? message.Delta?.Upserts ?? Enumerable.Empty<NodeInfo>())
                map[node.Hostname] = node;
        }
        foreach (var node in members)
        {
            var (before, now) = (node.Enrolled!.Node, map[node.HostName]);
            Assert.Equal((before.Id, before.Address4, before.Address6, before.TunnelAddress, before.Asn), (now.Id, now.Address4, now.Address6, now.TunnelAddress, now.Asn));
            Assert.Equal(before.WireguardKeys, now.WireguardKeys);
        }
        Assert.DoesNotContain(removed, node => map.ContainsKey(node.HostName));
        Assert.DoesNotContain(nodes, node => node.Enrolled!.Node.Address4 == newcomer.Enrolled!.Node.Address4);
        nodes.ForEach(node => node.Dispose());
    }

    [Fact]
    public async Task Restore_RemovalInTheBackup_Holds_AndACredentialFromBeforeItIsNotAdopted()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using var removed = new TestNode(join, "removed");
        using var left = new TestNode(join, "left");
        await removed.EnrolAsync();
        await left.EnrolAsync();
        await admin.Api.RemoveNodeAsync(new RemoveNodeRequest { Node = "removed" });
        await left.Client.LeaveAsync(new LeaveRequest());
        var backup = Path.Combine(controller.Root, "backup");
        await ControllerProcess.RunAsync(["backup", .. controller.Paths, backup]);
        (await ControllerProcess.RunAsync(["backup", .. controller.Paths, backup])).ShouldRefuse("exists");
        await controller.StopAsync();
        removed.Disconnect();
        left.Disconnect();
        await ControllerProcess.RunAsync(["restore", .. controller.Paths, "--replace", backup]);
        await controller.ServeAsync();

        Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(removed.RenewAsync)).StatusCode);
        Assert.Equal(StatusCode.Unauthenticated, (await Assert.ThrowsAsync<RpcException>(left.RenewAsync)).StatusCode);
    }

    [Fact]
    public async Task Restore_FileThatIsNoBackup_ChangesNothing()
    {
        await using var controller = new ControllerProcess();
        var file = Path.Combine(controller.Root, "nonsense");
        await File.WriteAllTextAsync(file, "this is not a database");

        (await ControllerProcess.RunAsync(["restore", .. controller.Paths, file])).ShouldRefuse("not a backup of a controller");
        Assert.False(File.Exists(Path.Combine(controller.State, "store.db")));
    }

    private static async Task<string> StoreIdAsync(TestNode node)
    {
        await node.RenewAsync();
        using var stream = node.Follow();
        return (await stream.NextAsync(message => message.Hello)).StoreId;
    }
}
