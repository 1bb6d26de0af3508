using Meshover.Agent.ControllerLink;
using Meshover.Contract.V1;
using Meshover.Mesh.Map;
using Meshover.UnitTests.Mesh;
using RouteGrant = Meshover.Mesh.Addressing.RouteGrant;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class WireFormatTests
{
    [Fact]
    public void ToMap_OfItsOwnSnapshot_GivesTheSameMap()
    {
        var node = TestMesh.Node(1).Granted("10.64.1.0/24") with { IsTransit = true, IsBehindNat = true, Site = "tokyo" };
        var map = TestMesh.Of(node with { Grants = [new RouteGrant(System.Net.IPNetwork.Parse("10.64.0.0/16"), 24)] }, TestMesh.Node(2)) with { Tombstones = [new(9)] };
        var read = WireFormat.ToMap(MeshSnapshot.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(WireFormat.FromMap(map))));
        Assert.Equal((map.StoreId, map.Revision), (read.StoreId, read.Revision));
        Assert.True(map.Settings.SameAs(read.Settings));
        Assert.Equal(map.Tombstones, read.Tombstones);
        Assert.All(map.Nodes.Values, expected => Assert.True(expected.SameAs(read.Nodes[expected.Id])));
    }

    [Fact]
    public void ToNode_EndpointOfAKindThatIsNotKnownYet_IsLeftOut()
    {
        var wire = WireFormat.FromMap(TestMesh.Full(1)).Nodes[0];
        wire.Endpoints[0].Kind = (Endpoint.Types.Kind)77;
        Assert.Single(WireFormat.ToNode(wire).Endpoints);
    }

    public static TheoryData<Action<NodeInfo>> Damages => new(
        node => node.Id = 0,
        node => node.Id = 2, // another's
        node => node.WireguardKeys.Clear(),
        node => node.WireguardKeys[0] = Google.Protobuf.ByteString.CopyFrom(1, 2, 3),
        node => node.Address4 = "nowhere",
        node => node.TunnelAddress = "",
        node => node.Grants.Add(new global::Meshover.Contract.V1.RouteGrant { Prefix = "nowhere" }));

    [Theory]
    [MemberData(nameof(Damages))]
    public void ToMap_MalformedNode_IsAFormatError(Action<NodeInfo> damage)
    {
        var snapshot = WireFormat.FromMap(TestMesh.Full(2));
        damage(snapshot.Nodes[0]);
        Assert.Throws<FormatException>(() => WireFormat.ToMap(snapshot));
    }

    [Fact]
    public void ToMap_EndpointPortThatIsNone_IsRefused()
    {
        var snapshot = WireFormat.FromMap(TestMesh.Full(1));
        snapshot.Nodes[0].Endpoints[0].Port = 70_000;
        Assert.Throws<OverflowException>(() => WireFormat.ToMap(snapshot));
    }
}
