using System.Globalization;
using Grpc.Core;
using Meshover.Contract.V1;

namespace Meshover.LabTests.Controller;

public sealed class StreamTests
{
    [Fact]
    public async Task Follow_GetsASnapshot_ThenDeltas_AndResumesWithoutASnapshot()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var first = new TestNode(join, "a");
        using var second = new TestNode(join, "b");
        await first.EnrolAsync();
        using var stream = first.Follow();
        var hello = await stream.NextAsync(message => message.Hello);
        // By which an agent knows that its clock is wrong.
        var date = DateTimeOffset.Parse((await stream.HeadersAsync()).GetValue("date")!, CultureInfo.InvariantCulture);
        Assert.InRange(date, TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(30), TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        var snapshot = await stream.NextAsync(message => message.Snapshot);
        Assert.Equal(hello.StoreId, snapshot.StoreId);
        Assert.Equal(["a"], snapshot.Nodes.Select(node => node.Hostname));

        await second.EnrolAsync();
        var revision = snapshot.Revision;
        var delta = await stream.NextAsync(message => Follows(message.Delta, ref revision)?.Upserts.Any(node => node.Hostname == "b") == true ? message.Delta : null);

        // Also after the controller was killed: the map on disk is still good.
        first.Disconnect();
        await controller.KillAsync();
        await controller.ServeAsync();
        using var third = new TestNode(join, "c");
        await third.EnrolAsync();
        using var resumed = first.Follow(hello.StoreId, delta.Revision);
        var from = delta.Revision;
        await resumed.NextAsync(message =>
        {
            Assert.Null(message.Snapshot);
            return Follows(message.Delta, ref from)?.Upserts.FirstOrDefault(node => node.Hostname == "c");
        });
    }

    [Fact]
    public async Task Follow_UnknownStoreOrRevisionFromTheFuture_GetsASnapshot()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "a");
        await node.EnrolAsync();

        using var stranger = node.Follow("another", 1);
        Assert.NotNull(await stranger.NextAsync(message => message.Snapshot));
        using var stream = node.Follow();
        var snapshot = await stream.NextAsync(message => message.Snapshot);
        using var future = node.Follow(snapshot.StoreId, snapshot.Revision + 1000);
        Assert.NotNull(await future.NextAsync(message => message.Snapshot));
    }

    [Fact]
    public async Task Remove_ReachesEveryStreamWithinTwoSeconds_AndTheNodeStaysOutUntilAllowed()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using var stays = new TestNode(join, "stays");
        using var goes = new TestNode(join, "goes");
        await stays.EnrolAsync();
        var removed = await goes.EnrolAsync();
        using var watching = stays.Follow();
        using var removedStream = goes.Follow();
        await watching.NextAsync(message => message.Snapshot);
        await removedStream.NextAsync(message => message.Snapshot);

        var start = TimeProvider.System.GetTimestamp();
        await admin.Api.RemoveNodeAsync(new RemoveNodeRequest { Node = "goes" });
        await watching.NextAsync(message => message.Delta?.Removals.Contains(removed.Id) == true ? message : null);
        Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(2));
        var notice = await removedStream.NextAsync(message => message.Notice);
        Assert.Equal(Notice.Types.Kind.Removed, notice.Kind);
        Assert.Equal(StatusCode.PermissionDenied, (await removedStream.FailureAsync()).StatusCode);

        var refused = await Assert.ThrowsAsync<RpcException>(() => goes.EnrolAsync());
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains("node allow", refused.Status.Detail, StringComparison.Ordinal);
        await Assert.ThrowsAsync<RpcException>(goes.RenewAsync);

        // Its numbers rest: another machine of the same name gets others.
        using var successor = new TestNode(join, "goes");
        Assert.NotEqual(removed.Address4, (await successor.EnrolAsync()).Address4);

        await admin.Api.AllowNodeAsync(new AllowNodeRequest { Node = $"{removed.Id}" });
        goes.HostName = "back";
        var back = await goes.EnrolAsync();
        Assert.Equal(removed.Address4, back.Address4);
        Assert.NotEqual(removed.Id, back.Id);
    }

    [Fact]
    public async Task Status_FromTheNodeAndItsPeers_BecomesTheMapsEndpoints()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using var first = new TestNode(join, "a");
        using var second = new TestNode(join, "b");
        using var third = new TestNode(join, "c");
        await first.EnrolAsync();
        var b = await second.EnrolAsync();
        await third.EnrolAsync();
        using var streamA = first.Follow();
        using var streamC = third.Follow();
        using var streamB = second.Follow(status: new NodeStatus
        {
            ListenPort = 12912,
            Endpoints = new EndpointList { Endpoints = { At("192.0.2.2", 12912), At("2001:db8::2", 12912), At("10.249.0.2", 12912) } },
            Announced = new PrefixList { Prefixes = { "10.64.2.0/24", $"{b.Address4}/32" } },
        });
        var place = new ObservedPeers.Types.Peer { NodeId = b.Id, Address = "203.0.113.9", Port = 40001 };
        await streamA.SendAsync(new NodeStatus { ObservedChanges = new ObservedChanges { Seen = { place } } });
        await streamC.SendAsync(new NodeStatus { Observed = new ObservedPeers { Peers = { place } } }); // as an older agent says it

        var seen = await streamA.NextAsync(message =>
            All(message).FirstOrDefault(node => node.Id == b.Id && node.Endpoints.Any(endpoint => endpoint.Kind == Endpoint.Types.Kind.SeenByPeer)));
        Assert.Equal(["2001:db8::2", "192.0.2.2", "203.0.113.9"], seen.Endpoints.Select(endpoint => endpoint.Address));

        var notice = await streamB.NextAsync(message => message.Notice);
        Assert.Equal(Notice.Types.Kind.NotGranted, notice.Kind);
        Assert.Contains("10.64.2.0/24", notice.Text, StringComparison.Ordinal);
        var record = await admin.NodeAsync("b");
        Assert.Equal(["10.64.2.0/24"], record.AnnouncedNotGranted);
        Assert.True(record.Online);

        await admin.Api.AddGrantAsync(new AddGrantRequest { Node = "b", Grant = new RouteGrant { Prefix = "10.64.2.0/24" } });
        Assert.Empty((await admin.NodeAsync("b")).AnnouncedNotGranted);
    }

    [Fact]
    public async Task CopiedState_IsToldToBothMachines_AndToTheAdministrator()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using var node = new TestNode(join, "a");
        await node.EnrolAsync();

        using var original = node.Follow(instance: "A");
        await original.NextAsync(message => message.Snapshot);
        using var copy = node.Follow(instance: "B");
        await copy.NextAsync(message => message.Snapshot);
        Assert.Equal(StatusCode.Aborted, (await original.FailureAsync()).StatusCode); // B may be a restart whose old stream lingers

        using var again = node.Follow(instance: "A");
        Assert.Equal(Notice.Types.Kind.CopiedState, (await again.NextAsync(message => message.Notice)).Kind);
        Assert.Equal(Notice.Types.Kind.CopiedState, (await copy.NextAsync(message => message.Notice)).Kind);
        Assert.NotEmpty((await admin.NodeAsync("a")).Notices);
    }

    [Fact]
    public async Task Credential_IsRenewedOnTheStream_AndAStolenOneIsWorthNothing()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync("--credential-lifetime", "10s", "--clock-skew", "0s");
        using var node = new TestNode(join, "a");
        using var thief = new TestNode(join, "thief");
        await node.EnrolAsync();
        using var stream = node.Follow();

        var renewed = await stream.NextAsync(message => message.Credential);
        Assert.True(renewed.Issue > node.Credential!.Issue);

        thief.Credential = renewed;
        using var stolen = thief.Follow();
        Assert.Equal(StatusCode.Unauthenticated, (await stolen.FailureAsync()).StatusCode);

        // Expired: refused on the stream, renewed by proof of the key alone.
        stream.Dispose();
        var old = node.Credential;
        await Until.TrueAsync("the credential expires", TimeSpan.FromSeconds(30), () => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() > old.ExpiresUnix);
        using var expired = node.Follow();
        Assert.Equal(StatusCode.Unauthenticated, (await expired.FailureAsync()).StatusCode);
        await node.RenewAsync();
        using var fresh = node.Follow();
        Assert.NotNull(await fresh.NextAsync(message => message.Snapshot));
    }

    [Fact]
    public async Task HostnameOfAnotherNode_LeavesTheStreamOpen_AndIsToldOnIt()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using var web = new TestNode(join, "web");
        using var node = new TestNode(join, "db");
        await web.EnrolAsync();
        await node.EnrolAsync();

        using var stream = node.Follow(status: new NodeStatus { Hostname = "web" });
        var notice = await stream.NextAsync(message => message.Notice);
        Assert.Equal(Notice.Types.Kind.NameTaken, notice.Kind);
        Assert.Contains("\"web\" belongs to another", notice.Text, StringComparison.Ordinal);

        // It hears of a removal, and then may have the name.
        await admin.Api.RemoveNodeAsync(new RemoveNodeRequest { Node = "web" });
        await stream.NextAsync(message => message.Delta?.Removals.Contains(web.Enrolled!.Node.Id) == true ? message : null);
        await stream.SendAsync(new NodeStatus { Hostname = "web" });
        Assert.Equal("", (await stream.NextAsync(message => message.Notice)).Text);
        Assert.Equal(node.Enrolled!.Node.Id, (await admin.NodeAsync("web")).Id);
    }

    [Fact]
    public async Task ControllerThatMoves_TellsItsNewAddresses()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "a");
        await node.EnrolAsync();
        using var stream = node.Follow();
        var snapshot = await stream.NextAsync(message => message.Snapshot);
        Assert.Equal(0, await controller.StopAsync());
        node.Disconnect();

        await controller.ServeAsync("--address", $"127.0.0.1:{controller.Port}", "--address", "controller.example:443");

        using var resumed = node.Follow(snapshot.StoreId, snapshot.Revision);
        var settings = await resumed.NextAsync(message => message.Delta?.Settings);
        Assert.Equal([$"127.0.0.1:{controller.Port}", "controller.example:443"], settings.Controllers);
        Assert.Equal(join.CaPins, settings.CaPins);
    }

    // Checks that a delta begins where the last message ended, and moves on.
    private static MeshDelta? Follows(MeshDelta? delta, ref long revision)
    {
        if (delta is null)
            return null;
        Assert.Equal(revision, delta.FromRevision);
        revision = delta.Revision;
        return delta;
    }

    private static IEnumerable<NodeInfo> All(ControllerMessage message) =>
        message.Snapshot?.Nodes ?? message.Delta?.Upserts ?? Enumerable.Empty<NodeInfo>();

    private static Endpoint At(string address, uint port) => new() { Address = address, Port = port, Kind = Endpoint.Types.Kind.Interface };
}
