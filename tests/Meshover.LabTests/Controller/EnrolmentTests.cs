using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.LabTests.Controller;

public sealed class EnrolmentTests
{
    [Fact]
    public async Task Enrol_Twice_IsTheSameNode()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "Web-1.");

        var first = await node.EnrolAsync();
        var second = await node.EnrolAsync();

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(first.Address4, second.Address4);
        Assert.Equal("web-1", first.Hostname);
        Assert.Equal("10.249.0.1", first.Address4);
        Assert.Equal("198.18.0.1", first.TunnelAddress);
        Assert.Equal(4_200_000_000u, first.Asn);
    }

    [Fact]
    public async Task Enrol_HostnameOfAnotherIdentity_IsRefusedWithTheWayOut_AndTakenOverWithAReplacingToken()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var admin = new AdminClient(controller.AdminSocket);
        using var first = new TestNode(join, "web");
        using var second = new TestNode(join, "web");
        var old = await first.EnrolAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => second.EnrolAsync());
        Assert.Equal(StatusCode.AlreadyExists, refused.StatusCode);
        Assert.Contains("meshover node remove web", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("--replace", refused.Status.Detail, StringComparison.Ordinal);

        second.Join = await admin.TokenAsync(new CreateTokenRequest { Replace = true });
        var replaced = await second.EnrolAsync();
        Assert.Equal(old.Address4, replaced.Address4);
        Assert.Equal(old.Asn, replaced.Asn);
        Assert.NotEqual(old.Id, replaced.Id);
        var former = await Assert.ThrowsAsync<RpcException>(() => first.EnrolAsync());
        Assert.Equal(StatusCode.PermissionDenied, former.StatusCode);
    }

    [Fact]
    public async Task Enrol_TokenUsedUpRevokedOrExpired_IsRefused_ButNotForItsOwnNode()
    {
        await using var controller = new ControllerProcess();
        await controller.InitAsync();
        await controller.ServeAsync("--clock-skew", "0s");
        using var admin = new AdminClient(controller.AdminSocket);
        var created = await admin.Api.CreateTokenAsync(new CreateTokenRequest());
        var join = JoinString.Parse(created.JoinString);
        using var first = new TestNode(join, "a");
        using var second = new TestNode(join, "b");
        await first.EnrolAsync();

        await RefusedAsync(second, "used up");
        await first.EnrolAsync(); // counts no second use

        await admin.Api.RevokeTokenAsync(new RevokeTokenRequest { TokenId = created.TokenId });
        await RefusedAsync(second, "revoked");

        var shortLived = await admin.Api.CreateTokenAsync(new CreateTokenRequest { LifetimeSeconds = 1 });
        second.Join = JoinString.Parse(shortLived.JoinString);
        await Until.TrueAsync("the token expires", TimeSpan.FromSeconds(20), () => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() > shortLived.ExpiresUnix);
        await RefusedAsync(second, "expired");
    }

    [Fact]
    public async Task Enrol_EverythingWrong_IsReportedAtOnce()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "no_such name");

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await node.Client.EnrollAsync(new EnrollRequest
        {
            Hostname = "no_such name",
            WireguardKey = ByteString.CopyFromUtf8("short"),
            Endpoints = { new Endpoint { Address = "here", Port = 70000 } },
        }));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        var fields = refused.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(violation => violation.Field).ToHashSet();
        Assert.Superset(new HashSet<string> { "hello", "token", "hostname", "wireguard_key", "endpoints[0].address", "endpoints[0].port" }, fields);
    }

    [Fact]
    public async Task Enrol_TokenOfAnotherMesh_OrAnotherCa_IsRefused()
    {
        await using var controller = new ControllerProcess();
        await using var other = new ControllerProcess();
        var join = await controller.InitAsync();
        var foreign = await other.InitAsync();
        await controller.ServeAsync();

        using var wrongToken = new TestNode(join with { Token = foreign.Token }, "a");
        await RefusedAsync(wrongToken, "does not belong to this mesh");

        using var wrongCa = new TestNode(join with { CaPins = foreign.CaPins }, "a");
        var refused = await Assert.ThrowsAsync<RpcException>(() => wrongCa.EnrolAsync());
        Assert.Contains("certificate", refused.Status.DebugException!.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Call_WithoutAnIdentityKey_OrWithOneOfAnotherCurve_EndsWithTheHandshake()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var curve = TestNode.NewCertificate(System.Security.Cryptography.ECCurve.CreateFromFriendlyName("secp256k1"));
        foreach (var certificate in new[] { null, curve })
        {
            using var stranger = new TestNode(join, "a") { Certificate = certificate };
            // TLS 1.3 is done for the client before the server judges its certificate: the end may meet the handshake, or the call that goes out already.
            Assert.True((await Assert.ThrowsAsync<RpcException>(() => stranger.EnrolAsync())).StatusCode is StatusCode.Unavailable or StatusCode.Internal);
        }
        Assert.DoesNotContain("refused", controller.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_OfAnyLength_LeavesAShortLineAndAShortAnswer()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "a") { Hello = new Hello { Version = new string('v', 500_000), Contract = 999, ContractOldest = 999 } };

        var refused = await Assert.ThrowsAsync<RpcException>(() => node.EnrolAsync());

        Assert.Equal((StatusCode.InvalidArgument, "hello.version: at most 64 characters."), (refused.StatusCode, refused.Status.Detail));
        node.Hello = new Hello { Version = new string('v', 2_000_000) };
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => node.EnrolAsync())).StatusCode);
        Assert.True(controller.Log.Length < 10_000, "The log is long.");
    }

    [Fact]
    public async Task Enrol_ContractTooOldOrTooNew_IsRefusedWithWhatToUpgrade()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "a");

        node.Hello = new Hello { Version = "9.0.0", Contract = ContractRevision.Current + 5, ContractOldest = ContractRevision.Current + 4 };
        var refused = await Assert.ThrowsAsync<RpcException>(() => node.EnrolAsync());
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("Upgrade the controller", refused.Status.Detail, StringComparison.Ordinal);

        // A newer one that still understands ours is welcome.
        node.Hello = new Hello { Version = "0.2.0", Contract = ContractRevision.Current + 1, ContractOldest = ContractRevision.Current };
        await node.EnrolAsync();
    }

    [Fact]
    public async Task Enrol_PoolExhausted_IsRefused_AndNumbersOfALeaverAreFreeAtOnce()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync("--pool4", "10.249.7.0/28");
        await controller.ServeAsync();
        var nodes = Enumerable.Range(1, 15).Select(i => new TestNode(join, $"n{i}")).ToList();
        foreach (var node in nodes.Take(14))
            await node.EnrolAsync();

        var refused = await Assert.ThrowsAsync<RpcException>(() => nodes[14].EnrolAsync());
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("10.249.7.0/28", refused.Status.Detail, StringComparison.Ordinal);

        await nodes[3].Client.LeaveAsync(new LeaveRequest());
        Assert.Equal(nodes[3].Enrolled!.Node.Address4, (await nodes[14].EnrolAsync()).Address4);
        nodes.ForEach(node => node.Dispose());
    }

    private static async Task RefusedAsync(TestNode node, string why)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => node.EnrolAsync());
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.Contains(why, refused.Status.Detail, StringComparison.Ordinal);
    }
}
