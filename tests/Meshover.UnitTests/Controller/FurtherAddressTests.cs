using System.Net.Sockets;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Meshover.Mesh.Map;

namespace Meshover.UnitTests.Controller;

/// <summary>Which further addresses nodes get, and what becomes of those that are taken from them.</summary>
public sealed class FurtherAddressTests
{
    private const long Now = TestMesh.Now, Rest = 86_400, Heard = Now + Rest + 1;

    private readonly TestMesh _mesh = new();
    private readonly uint _a, _b;

    public FurtherAddressTests() => (_a, _b) = (_mesh.Enrol("a").Id, _mesh.Enrol("b").Id);

    [Fact]
    public void Add_WithoutAnAddress_IsTheNextThatIsFree_AndNobodyElses()
    {
        Assert.Equal("10.249.0.3", Add(_a).Address.Address);
        Assert.Equal("fd00:1::4", Add(_a, family: AddressFamily.InterNetworkV6).Address.Address);
        var c = _mesh.Enrol("c");
        Assert.Equal(("10.249.0.5", "fd00:1::5"), (c.Address4, c.Address6));
        Assert.Equal(["10.249.0.3", "fd00:1::4"], Node(_a).Further.Select(further => further.Address));
        Assert.Equal(["10.249.0.1", "fd00:1::1", "10.249.0.3", "fd00:1::4"], Node(_a).Addresses);
    }

    [Fact]
    public void Add_WithAnAddress_IsThatOne_UnlessItIsSomebodys()
    {
        Assert.Equal("10.249.0.99", Add(_a, "10.249.0.99").Address.Address);
        Assert.Contains("belongs to the node \"a\"", Refused(RefusalReason.Taken, () => Add(_b, "10.249.0.99")), StringComparison.Ordinal);
        Assert.Contains("belongs to the node \"a\"", Refused(RefusalReason.Taken, () => Add(_b, "10.249.0.1")), StringComparison.Ordinal);
        Assert.Contains("is the first address of \"a\"", Refused(RefusalReason.Taken, () => Add(_a, "10.249.0.1")), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_OneThatItHas_KeepsItsNote_UnlessAnotherIsSaid()
    {
        Add(_a, "10.249.0.99", note: "mail relay");
        var before = Node(_a);
        var again = Add(_a, "10.249.0.99");
        Assert.Equal(("mail relay", "mail relay"), (again.Address.Note, again.Former!.Note));
        Assert.Same(before, Node(_a));
        var changed = Add(_a, "10.249.0.99", note: "web");
        Assert.Equal(("web", "mail relay"), (changed.Address.Note, changed.Former!.Note));
        Assert.Equal("web", Assert.Single(Node(_a).Further).Note);
        Assert.Equal("", Add(_a, "10.249.0.99", note: "").Address.Note);
        Assert.Null(Add(_a).Former);
    }

    [Fact]
    public void Add_MoreThanANodeMayHave_IsRefused_AndResetingOnesCount()
    {
        for (var i = 0; i < FurtherAddress.Most; i++)
            Add(_a, note: $"{i}");
        Assert.Contains("a node may have 64", Refused(RefusalReason.Precondition, () => Add(_a)), StringComparison.Ordinal);
        Assert.NotNull(Add(_a, Node(_a).Further[0].Address, note: "changed").Former); // no further one
        foreach (var further in Node(_a).Further.Take(10))
            Remove(_a, further.Address);
        for (var i = 0; i < 10; i++)
            Add(_a);
        for (var i = 0; i < 54; i++)
        {
            Remove(_a, Node(_a).Further[0].Address);
            Add(_a);
        }
        Remove(_a, Node(_a).Further[0].Address); // always
        Assert.Contains("still rest", Refused(RefusalReason.Precondition, () => Add(_a)), StringComparison.Ordinal);
    }

    [Fact]
    public void Add_FromAnEmptyPool_SaysSo()
    {
        var mesh = new TestMesh(pool4: "10.249.0.0/30");
        var id = mesh.Enrol("a").Id;
        mesh.Change(draft => FurtherAddresses.Add(draft, draft.State.Nodes[id].Record, null, AddressFamily.InterNetwork, null));
        var e = Assert.Throws<RefusalException>(() => mesh.Change(draft => FurtherAddresses.Add(draft, draft.State.Nodes[id].Record, null, AddressFamily.InterNetwork, null)));
        Assert.Equal(RefusalReason.PoolExhausted, e.Reason);
        Assert.Contains("No IPv4 node addresses are left in the pool 10.249.0.0/30", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Remove_Rests_AndIsNobodysUntilThatIsOverAndTheNodeWasHeard_ButItsOwnAgainAtOnce()
    {
        Add(_a, "10.249.0.99");
        Remove(_a, "10.249.0.99");
        Assert.Empty(Node(_a).Further);
        Assert.Equal(["10.249.0.99"], Node(_a).Resting.Select(resting => resting.Address));
        Assert.Contains("was an address of the node \"a\" and rests", Refused(RefusalReason.Taken, () => Add(_b, "10.249.0.99")), StringComparison.Ordinal);
        Assert.Contains("was taken from \"a\" already", Refused(RefusalReason.NotFound, () => Remove(_a, "10.249.0.99")), StringComparison.Ordinal);

        EndRests(Now + Rest - 1, Heard);
        EndRests(Now + Rest, Now + 5); // not heard since, but for a stream that was not given up yet
        Refused(RefusalReason.Taken, () => Add(_b, "10.249.0.99"));
        Add(_a, "10.249.0.99");
        Assert.Empty(Node(_a).Resting);
        Remove(_a, "10.249.0.99");
        EndRests(Now + Rest, Heard);
        Assert.Empty(Node(_a).Resting);
        Assert.Equal("10.249.0.99", Add(_b, "10.249.0.99").Address.Address);
    }

    [Fact]
    public void Remove_OfWhatItHasNot_SaysWhatItIs()
    {
        Assert.Contains("is the first address", Refused(RefusalReason.NotFound, () => Remove(_a, "10.249.0.1")), StringComparison.Ordinal);
        Assert.Contains("has no further address", Refused(RefusalReason.NotFound, () => Remove(_a, "10.249.0.50")), StringComparison.Ordinal);
    }

    [Fact]
    public void NodeRemoved_ItsFurtherOnesRestWithItsNumbers_AndAreFreeWithThem()
    {
        Add(_a, "10.249.0.99");
        Add(_a, "10.249.0.98");
        Remove(_a, "10.249.0.98");
        _mesh.Remove(Node(_a), Now + Rest);
        foreach (var address in (string[])["10.249.0.99", "10.249.0.98"])
            Refused(RefusalReason.Taken, () => Add(_b, address));
        EndRests(Now + Rest, Heard); // of members alone
        _mesh.Change(draft => Departure.EndRests(draft, Now + Rest));
        Assert.Equal(["10.249.0.99", "10.249.0.98"], ((string[])["10.249.0.99", "10.249.0.98"]).Select(address => Add(_b, address).Address.Address));
    }

    [Fact]
    public void NodeAllowedAgain_HasItsFirstAddressesAlone_AndTheOthersRestOn()
    {
        Add(_a, "10.249.0.99");
        _mesh.Remove(Node(_a), Now + Rest);
        _mesh.Change(draft => Departure.Allow(draft, draft.State.Nodes[_a].Record));
        var again = _mesh.Enrol("a");
        Assert.Equal("10.249.0.1", again.Address4);
        Assert.Empty(again.Further);
        Assert.Equal(["10.249.0.99"], Node(again.Id).Resting.Select(resting => resting.Address));
        Refused(RefusalReason.Taken, () => Add(_b, "10.249.0.99"));
        EndRests(Now + Rest, Heard);
        Assert.Equal("10.249.0.99", Add(_b, "10.249.0.99").Address.Address);
    }

    [Fact]
    public void NodeReplaced_TheMachineThatTakesItsNameHasThem()
    {
        Add(_a, "10.249.0.99", note: "mail relay");
        var other = _mesh.Enrol("other", "a", TestMesh.Token(id: "replace", replace: true));
        Assert.Equal([new StoredAddress("10.249.0.99", "mail relay")], Node(other.Id).Further);
        Refused(RefusalReason.Taken, () => Add(_b, "10.249.0.99"));
    }

    [Fact]
    public void NodeLeft_TheyAreFreeAtOnce()
    {
        Add(_a, "10.249.0.99");
        _mesh.Change(draft => Departure.Leave(draft, Node(_a)));
        Assert.Equal("10.249.0.99", Add(_b, "10.249.0.99").Address.Address);
    }

    [Fact]
    public void Map_HasThemAndThoseThatRest()
    {
        Add(_a, "10.249.0.99", note: "mail relay");
        Add(_a, "10.249.0.98");
        Remove(_a, "10.249.0.98");
        var info = _mesh.State.Nodes[_a].ToContract();
        Assert.Equal(("10.249.0.99", "mail relay"), (Assert.Single(info.FurtherAddresses).Address, info.FurtherAddresses[0].Note));
        Assert.Equal(["10.249.0.98"], info.RestingAddresses);
        Assert.Equal([_a], _mesh.State.Nodes.Since(_mesh.State.Revision - 1).Upserts.Select(node => node.Record.Id));
    }

    [Fact]
    public void Announced_AFurtherOne_NeedsNoGrant()
    {
        Add(_a, "10.249.0.99");
        var report = ReportedState.Nothing with { Announced = [System.Net.IPNetwork.Parse("10.249.0.99/32"), System.Net.IPNetwork.Parse("10.249.0.98/32")] };
        Assert.Equal(["10.249.0.98/32"], Announcements.NotGranted(Node(_a), report).Select(prefix => $"{prefix}"));
    }

    private StoredNode Node(uint id) => _mesh.State.Nodes[id].Record;

    private GivenAddress Add(uint id, string? address = null, AddressFamily family = AddressFamily.InterNetwork, string? note = null)
    {
        GivenAddress? given = null;
        _mesh.Change(draft => given = FurtherAddresses.Add(draft, Node(id), address, family, note));
        return given!;
    }

    private void Remove(uint id, string address) => _mesh.Change(draft => FurtherAddresses.Remove(draft, Node(id), address, Now, Now + Rest));

    private void EndRests(long now, long heard) => _mesh.Change(draft => FurtherAddresses.EndRests(draft, now, _ => heard));

    private static string Refused(RefusalReason reason, Action change)
    {
        var e = Assert.Throws<RefusalException>(change);
        Assert.Equal(reason, e.Reason);
        return e.Message;
    }
}
