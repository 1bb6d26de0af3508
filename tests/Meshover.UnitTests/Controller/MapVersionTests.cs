using Meshover.Contract.V1;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class MapVersionTests
{
    private readonly TestMesh _mesh = new();

    [Fact]
    public void Delta_OnTopOfAnOlderSnapshot_IsTheNewSnapshot()
    {
        var stays = _mesh.Enrol("stays");
        var goes = _mesh.Enrol("goes");
        var before = Version();
        _mesh.Remove(goes);
        _mesh.Enrol("comes");
        _mesh.Change(draft => draft.Put(StoreKeys.Reach(stays.Id), new ReachRecord { Transit = true }));
        var after = Version();

        var nodes = Read(before.Snapshot).Snapshot.Nodes.ToDictionary(node => node.Id);
        var delta = Read(after.DeltaFrom(before.Revision)!).Delta;
        foreach (var node in delta.Upserts)
            nodes[node.Id] = node;
        foreach (var id in delta.Removals)
            nodes.Remove(id);

        Assert.Equal((before.Revision, after.Revision), (delta.FromRevision, delta.Revision));
        Assert.Equal(Read(after.Snapshot).Snapshot.Nodes.OrderBy(node => node.Id), nodes.Values.OrderBy(node => node.Id));
        Assert.Equal([goes.Id], Read(after.Snapshot).Snapshot.Tombstones);
    }

    [Fact]
    public void Delta_ForAllStreamsThatKeepUp_IsSerialisedOnce()
    {
        var before = Version();
        _mesh.Enrol("a");
        var after = Version();
        Assert.Same(after.DeltaFrom(before.Revision), after.DeltaFrom(before.Revision));
        Assert.Same(after.Snapshot, after.Snapshot);
    }

    [Fact]
    public void Deltas_FromAnyNumberOfRevisions_AreKeptInSomeNumber()
    {
        for (var i = 0; i < 500; i++)
            _mesh.Enrol($"n{i}");
        var version = Version();

        var frames = Enumerable.Range(1, 400).Select(from => version.DeltaFrom(from)!).Distinct().ToList();

        Assert.Equal(65, frames.Count);
        Assert.Contains(version.Snapshot, frames);
        Assert.Same(version.DeltaFrom(1), version.DeltaFrom(1));
    }

    [Fact]
    public void Delta_OfChangesThatAreNotInTheMap_IsNone()
    {
        var before = Version();
        _mesh.Change(draft => draft.Put(StoreKeys.Token("t"), TestMesh.Token().ToRecord()));
        Assert.Null(Version().DeltaFrom(before.Revision));
    }

    [Fact]
    public void MapRevision_IsThatOfTheLastChangeThatNodesAreToldOf()
    {
        var node = _mesh.Enrol("a");
        var enrolled = _mesh.State.Revision;
        _mesh.Change(draft => draft.Put(StoreKeys.Token("t"), TestMesh.Token(uses: 9).ToRecord()));
        _mesh.Change(draft => draft.Put(StoreKeys.Token("t"), TestMesh.Token().ToRecord()));
        Assert.Equal((enrolled, enrolled + 2), (_mesh.State.MapRevision, _mesh.State.Revision));

        foreach (var change in new Action<Draft>[]
                 {
                     draft => draft.Put(StoreKeys.Reach(node.Id), new ReachRecord { Transit = true }),
                     draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { Controllers = ["192.0.2.9:1"] }),
                     draft => Departure.Remove(draft, node, TestMesh.Now),
                 })
        {
            _mesh.Change(change);
            Assert.Equal(_mesh.State.Revision, _mesh.State.MapRevision);
        }
    }

    [Fact]
    public void Cursor_SlowStream_GetsOneDeltaFromWhereItStands()
    {
        _mesh.Enrol("a");
        var first = Version();
        var cursor = new MapCursor("", 0);
        Assert.NotNull(Read(cursor.Next(first)!).Snapshot);
        Assert.Null(cursor.Next(first));

        _mesh.Enrol("b");
        _ = Version(); // not taken
        _mesh.Change(draft => draft.Put(StoreKeys.Mesh, _mesh.State.Mesh with { Controllers = ["192.0.2.9:12913"] }));
        var delta = Read(cursor.Next(Version())!).Delta;
        Assert.Equal(first.Revision, delta.FromRevision);
        Assert.Equal(["b"], delta.Upserts.Select(node => node.Hostname));
        Assert.Equal(["192.0.2.9:12913"], delta.Settings.Controllers);
    }

    [Theory]
    [InlineData("store-1", 0, true)]
    [InlineData("another", 0, false)]
    [InlineData("", 0, false)]
    [InlineData("store-1", 99, false)]
    public void Cursor_Resumes_OnlyInTheSameStoreAndNotFromTheFuture(string storeId, long ahead, bool resumes)
    {
        _mesh.Enrol("a");
        var revision = _mesh.State.Revision + ahead;
        _mesh.Enrol("b");
        var message = Read(new MapCursor(storeId, revision).Next(Version())!);
        Assert.Equal(resumes, message.Delta is not null);
    }

    private MapVersion Version() => new(_mesh.State, TimeProvider.System);

    private static ControllerMessage Read(ControllerFrame frame) => ControllerMessage.Parser.ParseFrom(frame.Bytes);
}
