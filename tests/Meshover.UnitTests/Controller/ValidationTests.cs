using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class ValidationTests
{
    [Fact]
    public void Status_EverythingWrong_IsReportedAtOnce()
    {
        var status = new NodeStatus
        {
            Hostname = "under_score",
            ListenPort = 0,
            WireguardKey = ByteString.CopyFrom(new byte[32]),
            Endpoints = new EndpointList { Endpoints = { new Endpoint { Address = "1.2.3.4", Port = 1 }, new Endpoint { Address = "x", Port = 0 } } },
            Observed = new ObservedPeers { Peers = { new ObservedPeers.Types.Peer { NodeId = 1, Address = "y", Port = 1 } } },
            Announced = new PrefixList { Prefixes = { "10.0.0.1/8" } },
        };
        Assert.Equal(
            ["status.announced", "status.endpoints[1].address", "status.endpoints[1].port", "status.hostname", "status.listen_port", "status.observed.peers[0]",
                "status.wireguard_key"],
            FieldsOf(() => StatusValidator.Check(status)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Status_KeysThatNoNodeCanHave_AreRefused()
    {
        ByteString[][] wrong = [[], [Key(7), Key(7)], [Key(7), Key(0)]];
        Assert.All(wrong, keys => Assert.NotEmpty(FieldsOf(() => Check(keys))));
        Check(Key(7));

        static ByteString Key(byte seed) => ByteString.CopyFrom([.. Enumerable.Repeat(seed, 32)]);

        static void Check(params ByteString[] keys) => StatusValidator.Check(new NodeStatus { WireguardKeys = new WireGuardKeys { Keys = { keys } } });
    }

    [Fact]
    public void Status_AbsentFields_KeepWhatWasSaid()
    {
        var said = StatusMapping.Merge(ReportedState.Nothing, new NodeStatus { ListenPort = 5, Site = "here", Announced = new PrefixList { Prefixes = { "10.0.0.0/8" } } }, (_, _) => true);
        var after = StatusMapping.Merge(said, new NodeStatus { Site = "there" }, (_, _) => true);
        Assert.Equal((5, "there", 1), (after.ListenPort, after.Site, after.Announced.Length));
        Assert.Empty(StatusMapping.Merge(after, new NodeStatus { Announced = new PrefixList() }, (_, _) => true).Announced);
    }

    [Fact]
    public void Status_EndpointThatANodeClaimsToBeSeenAt_CountsAsItsOwn()
    {
        var endpoint = new Endpoint { Address = "203.0.113.1", Port = 1, Kind = Endpoint.Types.Kind.SeenByPeer };
        Assert.Equal((int)Meshover.Mesh.Map.EndpointSource.Interface, StatusMapping.ToRecords([endpoint]).Single().Kind);
    }

    [Fact]
    public void Hello_MissingParts_AreReportedAtOnce() =>
        Assert.Equal(["hello.credential", "hello.hello", "hello.instance_id", "hello.revision"],
            FieldsOf(() => RequestValidator.Check(new NodeHello { Revision = -1 })).Order(StringComparer.Ordinal));

    [Fact]
    public void Hello_TooNew_IsToldToUpgradeTheController()
    {
        var hello = new NodeHello { Hello = new Hello { Version = "9.1.0", Contract = 1, ContractOldest = 1 }, Credential = "c", InstanceId = "i" };
        RequestValidator.Check(hello);
        hello.Hello.Contract = hello.Hello.ContractOldest = 99;
        Assert.Contains("Upgrade the controller", Assert.Throws<RefusalException>(() => RequestValidator.Check(hello)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_EverythingWrong_IsReportedAtOnce()
    {
        var wish = new TokenWish(-1, 0, ["no spaces"], [new GrantWish("10.64.0.0/16", 8), new GrantWish("10.249.1.0/24"), new GrantWish("nonsense")], false);
        Assert.Equal(["grants[0].max_length", "grants[1].prefix", "grants[2].prefix", "lifetime_seconds", "tags"],
            FieldsOf(() => AdminRules.Check(wish, new TestMesh().State.Mesh)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Administration_WithoutWhatItIsAbout_IsRefused()
    {
        Assert.Equal(["node", "prefix"], FieldsOf(() => AdminRules.CheckWithdrawal("", "10.0.0.1/8")));
        Assert.Equal(["node"], FieldsOf(() => AdminRules.CheckNode("")));
        Assert.Equal(["node"], FieldsOf(() => AdminRules.CheckNode(new string('n', 300))));
        Assert.Equal(["token_id"], FieldsOf(() => AdminRules.CheckToken("")));
        Assert.Equal(["token_id"], FieldsOf(() => AdminRules.CheckToken("a/b")));
    }

    [Theory]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8::1%7", "2001:db8::1")]
    [InlineData("2001:0DB8::1", "2001:db8::1")]
    public void Endpoint_IsHeldInOneForm(string said, string held)
    {
        Assert.Equal(held, StatusMapping.ToRecords([new Endpoint { Address = said, Port = 1 }]).Single().Address);
        var status = new NodeStatus { Observed = new ObservedPeers { Peers = { new ObservedPeers.Types.Peer { NodeId = 2, Address = said, Port = 1 } } } };
        Assert.Equal(held, StatusMapping.Merge(ReportedState.Nothing, status, (_, _) => true).Observed[2].Address.ToString());
    }

    [Theory]
    [InlineData("FD64:1::/64", "fd64:1::/64")]
    [InlineData("fd64:1:0::/64", "fd64:1::/64")]
    [InlineData("10.64.1.0/024", "10.64.1.0/24")]
    public void Grant_IsHeldInOneForm(string said, string held)
    {
        Assert.Equal(held, AdminRules.ToRecord(new GrantWish(said)).Prefix);
        Assert.Equal(held, AdminRules.Canonical(said));
    }

    [Fact]
    public void Violations_ReachACaller_AsInvalidArgumentWithItsFields()
    {
        var invalid = Assert.Throws<InvalidRequestException>(() => AdminRules.CheckWithdrawal("", "10.0.0.1/8"));
        var error = ErrorInterceptor.ToStatus(invalid).ToRpcException();
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("node: is missing", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(["node", "prefix"], error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(violation => violation.Field));
    }

    private static IEnumerable<string> FieldsOf(Action check) =>
        Assert.Throws<InvalidRequestException>(check).Violations.Select(violation => violation.Field);
}
