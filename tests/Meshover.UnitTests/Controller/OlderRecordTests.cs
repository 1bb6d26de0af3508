using System.Text.Json.Nodes;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.UnitTests.Controller;

/// <summary>Records of a store that an older release wrote: what it did not know is not in them.</summary>
public sealed class OlderRecordTests
{
    [Fact]
    public void Node_OfAnOlderStore_IsRenamed_AndTheNameItHadIsRemembered()
    {
        var mesh = new TestMesh();
        var id = mesh.Enrol("old").Id;
        var written = JsonNode.Parse(RecordJson.Write(mesh.State.Nodes[id].Record))!.AsObject();
        written.Remove("formerNames");
        written.Remove("further");
        written.Remove("resting");
        var read = (StoredNode)RecordJson.Read(StoreKeys.Node(id), System.Text.Encoding.UTF8.GetBytes(written.ToJsonString()))!;
        mesh.Change(draft => draft.Put(StoreKeys.Node(id), read));

        mesh.Change(draft => Enrolment.Rename(draft, draft.State.Nodes[id].Record, "new"));
        Assert.Equal("new", mesh.State.Nodes[id].Record.HostName);
        mesh.Change(draft => FurtherAddresses.Add(draft, draft.State.Nodes[id].Record, null, default, null));
        Assert.Single(mesh.State.Nodes[id].Record.Further);
        Assert.Equal(["old"], mesh.State.Nodes[id].Record.FormerNames);
    }
}
