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
        var node = TestMesh.Node(1).Granted("10.64.1.0/24") with { IsTransit = true, IsBehindNat = true, Site = "tokyo", UnderlayMtu = 9000, Gathers = new() { Ranges = [System.Net.IPNetwork.Parse("10.64.1.0/25")], Priority = 7, IsFailing = true } };
        var map = TestMesh.Of(node with { Grants = [new RouteGrant(System.Net.IPNetwork.Parse("10.64.0.0/16"), 24) { IsPinned = true, MayGather = true }, new RouteGrant(System.Net.IPNetwork.Parse("10.9.0.1/32")) { Name = "shop" }] }, TestMesh.Node(2)) with { Tombstones = [new(9)] };
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

    [Fact]
    public void ToNode_ClaimsThatCannotBeRead_AreLeftOutAndTheNodeIsNot()
    {
        var wire = WireFormat.FromMap(TestMesh.Full(1)).Nodes[0];
        wire.Gathers = new() { Prefixes = { "203.0.113.0/24", "by name: edge", "0.0.0.0/0" }, Priority = 4_000_000 };
        var gathers = WireFormat.ToNode(wire).Gathers;
        Assert.Equal(["203.0.113.0/24"], gathers.Ranges.Select(range => range.ToString()));
        Assert.Equal((255, true), (gathers.Priority, gathers.IsPartial));

        wire.Gathers = new() { Prefixes = { Enumerable.Range(0, 33).Select(number => $"203.0.113.{number}/32") } };
        gathers = WireFormat.ToNode(wire).Gathers;
        Assert.Equal((32, 1, true), (gathers.Ranges.Length, gathers.Priority, gathers.IsPartial));
    }

    [Fact]
    public void ToNode_NameOfAGrantThatIsNone_IsLeftOutAndTheGrantIsNot()
    {
        var wire = WireFormat.FromMap(TestMesh.Full(1)).Nodes[0];
        wire.Grants.Add(new global::Meshover.Contract.V1.RouteGrant { Prefix = "10.9.0.1/32", Name = "a b" });
        Assert.Null(Assert.Single(WireFormat.ToNode(wire).Grants, grant => grant.Prefix == System.Net.IPNetwork.Parse("10.9.0.1/32")).Name);
    }

    public static TheoryData<Action<NodeInfo>> Damages => new(
        node => node.Id = 0,
        node => node.Id = 2, // another's
        node => node.WireguardKeys.Clear(),
        node => node.WireguardKeys[0] = Google.Protobuf.ByteString.CopyFrom(1, 2, 3),
        node => node.WireguardKeys[0] = Google.Protobuf.ByteString.CopyFrom(new byte[32]),
        node => node.Address4 = "nowhere",
        node => node.Address4 = "2001:db8::1",
        node => node.Address4 = "10.249.0.3", // another's
        node => node.Address6 = "10.249.0.1",
        node => node.TunnelAddress = "",
        node => node.Hostname = "a b",
        node => node.Asn = 0,
        node => node.Endpoints[0].Port = 70_000,
        node => node.Endpoints[0].Port = 0,
        node => node.Grants.Add(new global::Meshover.Contract.V1.RouteGrant { Prefix = "nowhere" }),
        node => node.Grants.Add(new global::Meshover.Contract.V1.RouteGrant { Prefix = "10.64.0.0/16", MaxLength = 200 }),
        node => node.Grants.Add(new global::Meshover.Contract.V1.RouteGrant { Prefix = "10.64.0.0/16", MaxLength = 8 }));

    [Theory]
    [MemberData(nameof(Damages))]
    public void ToMap_MalformedNode_IsLeftOutAloneAndNamed(Action<NodeInfo> damage)
    {
        var snapshot = WireFormat.FromMap(TestMesh.Full(4));
        damage(snapshot.Nodes[3]);
        var map = WireFormat.ToMap(snapshot).WithoutProblems();
        Assert.Equal([1u, 2u, 3u], map.Nodes.Keys.Select(id => id.Value));
        Assert.Equal(snapshot.Nodes[3].Id, Assert.Single(map.LeftOut).Key.Value);
        Assert.NotEmpty(map.LeftOut.Values.Single());
    }

    [Fact]
    public void FurtherAddresses_GoThereAndBack_AndWhatIsNoneIsLeftOutAlone()
    {
        var map = TestMesh.Of(TestMesh.Node(1).With("10.249.9.1") with { FurtherAddresses = [new Meshover.Mesh.Map.FurtherAddress(System.Net.IPAddress.Parse("fd12:3456:789a::9"), "relay")] }, TestMesh.Node(2).Resting("10.249.9.2"));
        var snapshot = WireFormat.FromMap(map);
        Assert.All(WireFormat.ToMap(snapshot).Nodes.Values, node => Assert.True(node.SameAs(map.Nodes[node.Id])));
        snapshot.Nodes[0].FurtherAddresses.Add(new global::Meshover.Contract.V1.FurtherAddress { Address = "nowhere" });
        snapshot.Nodes[0].FurtherAddresses.Add(new global::Meshover.Contract.V1.FurtherAddress { Address = "10.249.9.9", Note = new string('x', 5_000) });
        snapshot.Nodes[1].RestingAddresses.Add("nowhere");
        var read = WireFormat.ToMap(snapshot).WithoutProblems().Nodes.Values.ToList();
        Assert.Equal([9, Meshover.Mesh.Map.FurtherAddress.LongestNote], read[0].FurtherAddresses.Select(further => further.Note.Length == 5 ? 9 : further.Note.Length));
        Assert.Single(read[1].RestingAddresses);
    }

    [Fact]
    public void ToDelta_MalformedNode_TakesTheFormerOneOutUntilItIsMended()
    {
        var map = TestMesh.Full(3);
        var wire = WireFormat.FromMap(map).Nodes[1];
        wire.Address4 = "nowhere";
        Assert.True(map.TryApply(WireFormat.ToDelta(new MeshDelta { FromRevision = 7, Revision = 8, Upserts = { wire } }), out var without));
        Assert.Equal([1u, 3u], without.Nodes.Keys.Select(id => id.Value));
        Assert.Equal([2u], without.LeftOut.Keys.Select(id => id.Value));

        wire.Address4 = "10.249.0.2";
        Assert.True(without.TryApply(WireFormat.ToDelta(new MeshDelta { FromRevision = 8, Revision = 9, Upserts = { wire } }), out var mended));
        Assert.Equal(3, mended.Nodes.Count);
        Assert.Empty(mended.LeftOut);
    }

    public static TheoryData<Action<global::Meshover.Contract.V1.MeshSettings>> SettingsDamages => new(
        settings => settings.Pool4 = "nowhere",
        settings => settings.Pool4 = "fd00::/48",
        settings => settings.TunnelPool = "fd00::/48",
        settings => settings.BgpPort = 70_000,
        settings => settings.MaxMeshHops = 5_000_000_00);

    [Theory]
    [MemberData(nameof(SettingsDamages))]
    public void Settings_Malformed_AreNotTakenWhereThereAreFormerOnes(Action<global::Meshover.Contract.V1.MeshSettings> damage)
    {
        var snapshot = WireFormat.FromMap(TestMesh.Full(2));
        damage(snapshot.Settings);
        Assert.Throws<FormatException>(() => WireFormat.ToMap(snapshot));

        var map = WireFormat.ToMap(snapshot, TestMesh.Settings);
        Assert.True(map.Settings.SameAs(TestMesh.Settings));
        Assert.NotEmpty(map.SettingsProblem);

        var delta = WireFormat.ToDelta(new MeshDelta { FromRevision = 7, Revision = 8, Settings = snapshot.Settings });
        Assert.True(TestMesh.Full(2).TryApply(delta, out var next));
        Assert.True(next.Settings.SameAs(TestMesh.Settings));
        Assert.NotEmpty(next.SettingsProblem);
    }
}
