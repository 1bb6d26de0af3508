using Meshover.Contract.V1;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class DepartedNodesTests
{
    private static readonly long Month = (long)Tombstones.KeptFor.TotalSeconds;

    private readonly TestMesh _mesh = new();

    [Fact]
    public void Tend_NodeThatWentAMonthAgo_IsForgotten_AndItsIdNeverGivenAgain()
    {
        var left = _mesh.Enrol("left");
        _mesh.Change(draft => Departure.Leave(draft, left));
        Tend(TestMesh.Now);
        Tend(TestMesh.Now + Month - 1);
        Assert.True(_mesh.State.Nodes.ContainsKey(left.Id));
        Tend(TestMesh.Now + Month);
        Assert.False(_mesh.State.Nodes.ContainsKey(left.Id));
        Assert.Empty(Read(Version().Snapshot).Snapshot.Tombstones);
        Assert.True(_mesh.Enrol("next").Id > left.Id);
    }

    [Fact]
    public void Tend_NodeWhoseNumbersRest_IsKept()
    {
        var removed = _mesh.Enrol("removed");
        _mesh.Remove(removed, restsUntil: TestMesh.Now + (2 * Month));
        Tend(TestMesh.Now);
        Tend(TestMesh.Now + Month);
        Assert.True(_mesh.State.Nodes.ContainsKey(removed.Id));
        Tend(TestMesh.Now + (2 * Month)); // the rest ends
        Tend(TestMesh.Now + (2 * Month));
        Assert.False(_mesh.State.Nodes.ContainsKey(removed.Id));
    }

    [Fact]
    public void RefusedIdentity_OutlivesItsNode_AndCanStillBeAllowed()
    {
        var removed = Forgotten();
        Assert.Throws<RefusalException>(() => _mesh.Enrol("removed"));
        var allowed = true;
        _mesh.Change(draft => allowed = DepartedNodes.TryAllow(draft, "999"));
        Assert.False(allowed);
        _mesh.Change(draft => allowed = DepartedNodes.TryAllow(draft, $"{removed.Id}"));
        Assert.True(allowed);
        Assert.True(_mesh.Enrol("removed").Id > removed.Id);
    }

    [Fact]
    public void Cursor_FromBeforeTheNodeWent_GetsASnapshot_LaterOnesADelta()
    {
        _mesh.Enrol("stays");
        _mesh.Enrol("removed");
        var before = _mesh.State.Revision;
        Forgotten();
        var after = _mesh.State.Revision;
        _mesh.Enrol("comes");
        Assert.NotNull(Read(new MapCursor("store-1", before).Next(Version())!).Snapshot);
        Assert.Equal(["comes"], Read(new MapCursor("store-1", after).Next(Version())!).Delta.Upserts.Select(node => node.Hostname));
    }

    [Fact]
    public void WhatBecomesOfADepartedNodesRecord_IsNoNewsToOthers()
    {
        var removed = _mesh.Enrol("removed");
        _mesh.Remove(removed, restsUntil: TestMesh.Now + 1);
        var told = (_mesh.State.MapRevision, _mesh.State.Nodes.ModifiedOf(removed.Id));
        Tend(TestMesh.Now);
        Tend(TestMesh.Now + 1);
        Assert.Equal(told, (_mesh.State.MapRevision, _mesh.State.Nodes.ModifiedOf(removed.Id)));
        Tend(TestMesh.Now + Month);
        Assert.Equal(told.MapRevision, _mesh.State.MapRevision);
    }

    private StoredNode Forgotten()
    {
        var removed = _mesh.State.MemberByHostName("removed")?.Record ?? _mesh.Enrol("removed");
        _mesh.Remove(removed, restsUntil: TestMesh.Now);
        Tend(TestMesh.Now);
        Tend(TestMesh.Now + Month);
        Assert.False(_mesh.State.Nodes.ContainsKey(removed.Id));
        return removed;
    }

    private void Tend(long now) => _mesh.Change(draft =>
    {
        Departure.EndRests(draft, now);
        DepartedNodes.Tend(draft, now);
    });

    private MapVersion Version() => new(_mesh.State, TimeProvider.System);

    private static ControllerMessage Read(ControllerFrame frame) => ControllerMessage.Parser.ParseFrom(frame.Bytes);
}
