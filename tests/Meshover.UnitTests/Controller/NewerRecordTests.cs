using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;

namespace Meshover.UnitTests.Controller;

/// <summary>A newer release wrote into the store, and this one writes there again.</summary>
public sealed class NewerRecordTests
{
    private const string Later = """{"of":["a","newer","release"]}""";

    private readonly TestMesh _mesh = new();

    // Whoever adds a record adds it here by deriving it.
    [Fact]
    public void EveryRecordOfTheStore_TakesAlongWhatItDoesNotKnow()
    {
        var records = typeof(RecordJson).GetCustomAttributesData()
            .Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute))
            .Select(attribute => (Type)attribute.ConstructorArguments[0].Value!).ToList();

        Assert.NotEmpty(records);
        Assert.All(records, record => Assert.True(record.IsSubclassOf(typeof(StoredRecord)), record.Name));
    }

    [Fact]
    public void Node_ChangedInEachWayThereIs_KeepsWhatANewerReleaseWrote()
    {
        var node = _mesh.Enrol("n1");
        Change(draft => GrantRules.Add(draft, Node(1), new StoredGrant("10.64.1.0/24", 24)));
        Change(draft => GrantRules.Add(draft, Node(1), new StoredGrant("10.64.2.0/24", 24)));
        Change(draft => GrantRules.Remove(draft, Node(1), "10.64.2.0/24"));
        string[] keys =
        [
            StoreKeys.Mesh, StoreKeys.Allocation, StoreKeys.Node(1), StoreKeys.Identity("n1"), StoreKeys.Withdrawn(1), StoreKeys.Token("token"),
        ];
        foreach (var key in keys)
            Amend(key);
        AmendGrant();
        Change(draft => FurtherAddresses.Add(draft, Node(1), null, System.Net.Sockets.AddressFamily.InterNetwork, "relay"));
        Write(StoreKeys.Node(1), Written(StoreKeys.Node(1)), json => json["further"]![0]!["later"] = JsonNode.Parse(Later));

        _mesh.Enrol("n2");
        Change(draft => FurtherAddresses.Add(draft, Node(1), Node(1).Further[0].Address, default, "another note"));
        Change(draft => FurtherAddresses.Add(draft, Node(1), "10.249.9.9", default, null));
        Change(draft => FurtherAddresses.Remove(draft, Node(1), "10.249.9.9", TestMesh.Now, TestMesh.Now + 1));
        Change(draft => FurtherAddresses.EndRests(draft, TestMesh.Now + 1, _ => long.MaxValue));
        Change(draft => Enrolment.Update(draft, Node(1), "renamed", [TestMesh.KeyOf("another")]));
        Change(draft => GrantRules.Add(draft, Node(1), new StoredGrant("10.64.2.0/24", 24)));
        Change(draft => GrantRules.Remove(draft, Node(1), "10.64.2.0/24"));
        Change(draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { Controllers = ["192.0.2.9:12913"] }));
        Change(draft => TokenRules.Revoke(draft, "token"));

        Assert.All(keys, key => Assert.Equal(Later, Written(key)["later"]?.ToJsonString()));
        Assert.Equal(Later, Written(StoreKeys.Node(1))["grants"]![0]!["later"]?.ToJsonString());
        Assert.Equal(Later, Written(StoreKeys.Node(1))["further"]![0]!["later"]?.ToJsonString());

        Change(draft => Departure.Remove(draft, Node(1), TestMesh.Now));
        Change(draft => Departure.Allow(draft, draft.State.Nodes[1].Record));

        Assert.All([StoreKeys.Node(1), StoreKeys.Identity("n1")], key => Assert.Equal(Later, Written(key)["later"]?.ToJsonString()));
        Assert.Equal("n1", node.Identity);
    }

    [Fact]
    public void TwoStates_OfOneRecord_AreEqual_WhateverANewerReleaseWrote()
    {
        _mesh.Enrol("n1");
        Amend(StoreKeys.Node(1));

        Assert.Equal(Node(1), Node(1) with { HostName = "n1" });
    }

    private StoredNode Node(uint id) => _mesh.State.Nodes[id].Record;

    private void Change(Action<Draft> change) => _mesh.Change(change);

    private JsonObject Written(string key) => JsonNode.Parse(RecordJson.Write(_mesh.State.Get<object>(key)!))!.AsObject();

    private void Amend(string key) => Write(key, Written(key), json => json["later"] = JsonNode.Parse(Later));

    private void AmendGrant() => Write(StoreKeys.Node(1), Written(StoreKeys.Node(1)), json => json["grants"]![0]!["later"] = JsonNode.Parse(Later));

    private void Write(string key, JsonObject json, Action<JsonObject> amend)
    {
        amend(json);
        _mesh.Write(new StoreWrite(key, Encoding.UTF8.GetBytes(json.ToJsonString())));
    }
}
