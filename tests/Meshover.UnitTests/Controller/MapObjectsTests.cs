using System.Text.Json;
using CsCheck;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Streaming;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>What is common to all kinds of map objects, by a kind that the controller does not have: a record and a mapping.</summary>
public sealed class MapObjectsTests
{
    private const string FolderName = "policy";

    private static readonly long Month = (long)Tombstones.KeptFor.TotalSeconds;

    private readonly TestMesh _mesh = new();
    private MapObjects<string, Policy> _policies = new(new PolicyKind());

    [Fact]
    public void Delta_OnTopOfAnyOlderSnapshot_IsTheNewSnapshot() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 3]).Array[0, 40].Sample(steps =>
        {
            var states = new List<MapObjects<string, Policy>> { new(new PolicyKind()) };
            foreach (var (name, action) in steps)
                states.Add(Follow(states[^1], states.Count, $"p{name}", action == 0 ? null : new Policy($"p{name}", $"{action}", GoneSince: action == 3 ? 7 : 0)));
            var now = states[^1];
            // One that is forgotten cannot be told by a delta: for that there is the floor.
            var floor = Enumerable.Range(1, states.Count - 1)
                .Where(i => states[i].Count < states[i - 1].Count).Select(i => (long)i).Append(0).Max();
            for (var i = floor; i < states.Count; i++)
            {
                var map = states[(int)i].Present.ToDictionary(policy => policy.Name);
                var changes = now.Since(i);
                foreach (var policy in changes.Upserts)
                    map[policy.Name] = policy;
                foreach (var name in changes.Removals)
                    map.Remove(name);
                Assert.Equal(now.Present, map.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal));
                Assert.True(changes.IsEmpty || now.Revision > i);
            }
        });

    [Fact]
    public void Tombstone_IsToldOnce_AndWhatBecomesOfItIsNoNews()
    {
        Write(new Policy("a", "allow", 0));
        Write(new Policy("a", "allow", GoneSince: 5));
        var told = (_policies.Revision, _policies.ModifiedOf("a"));
        Write(new Policy("a", "deny", GoneSince: 6));

        Assert.Equal(told, (_policies.Revision, _policies.ModifiedOf("a")));
        Assert.Equal(("deny", 1), (_policies["a"].Text, _policies.Count));
        Assert.Equal(["a"], _policies.Gone);
        Assert.Empty(_policies.Present);
    }

    [Fact]
    public void ObjectThatComesBack_IsNews()
    {
        Write(new Policy("a", "allow", GoneSince: 5));
        Write(new Policy("a", "allow", 0));

        Assert.Equal(_mesh.State.Revision, _policies.Revision);
        Assert.Equal(["a"], _policies.Since(_mesh.State.Revision - 1).Upserts.Select(policy => policy.Name));
    }

    [Fact]
    public void Forget_OldTombstones_RaisesTheOneFloor_AndMapsFromBeforeGetASnapshot()
    {
        Write(new Policy("stays", "allow", 0));
        Write(new Policy("old", "allow", 0));
        var before = _mesh.State.Revision;
        Write(new Policy("old", "allow", GoneSince: TestMesh.Now - Month));
        var told = _mesh.State.Revision;
        Write(new Policy("young", "allow", GoneSince: TestMesh.Now - Month + 1));

        _mesh.Change(draft => Tombstones.Forget(draft, _policies, TestMesh.Now));
        Assert.Equal(0, _mesh.State.ModifiedOf(StoreKeyOf("old")));
        Assert.NotEqual(0, _mesh.State.ModifiedOf(StoreKeyOf("young")));
        _policies = Follow(_policies, _mesh.State.Revision, "old", null);

        Assert.Equal(["stays", "young"], _policies.Keys);
        Assert.Equal(told, _mesh.State.Floor);
        var version = new MapVersion(_mesh.State, TimeProvider.System);
        Assert.True(new MapCursor("store-1", before).NeedsSnapshot(version));
        Assert.False(new MapCursor("store-1", told).NeedsSnapshot(version));

        var revision = _mesh.State.Revision;
        _mesh.Change(draft => Tombstones.Forget(draft, _policies, TestMesh.Now));
        Assert.Equal(told, _mesh.State.Floor);
        Assert.Equal(revision, _mesh.State.ModifiedOf(StoreKeys.Floor));
    }

    [Fact]
    public void KeyOfAnotherKind_IsNone()
    {
        _policies = Follow(_policies, 1, "a", null);
        var builder = _policies.ToBuilder();
        builder.Follow(new StoreChange(2, StoreKeys.Node(1), null), null);

        Assert.Empty(builder.ToImmutable());
        Assert.Equal(0, builder.ToImmutable().Revision);
    }

    // A store is loaded by key, not by revision: of a node its own record comes first, and where it is may be older.
    [Fact]
    public async Task Loaded_NodeWhoseOwnRecordIsNewerThanItsReach_IsTheFollowedOne()
    {
        using var store = new StoreFolder();
        await store.InitAsync();
        var (before, followed) = (0L, (MapObjects<uint, NodeEntry>?)null);
        await store.WhileServingAsync(async directory =>
        {
            await StoreFolder.EnrolAsync(directory, "web-1");
            before = directory.State.Revision;
            await directory.ChangeAsync(draft =>
            {
                var node = draft.State.Nodes.Single().Value.Record;
                draft.Put(StoreKeys.Node(node.Id), node with { HostName = "web-2" });
            }, CancellationToken.None);
            followed = directory.State.Nodes;
        });

        var loaded = (await store.StateAsync()).Nodes;

        Assert.Equal(followed!.ModifiedOf(1), loaded.ModifiedOf(1));
        Assert.Equal(["web-2"], loaded.Since(before).Upserts.Select(node => node.Record.HostName));
        Assert.Equal(followed.Revision, loaded.Revision);
    }

    private static string StoreKeyOf(string name) => $"{FolderName}/{name}";

    private static MapObjects<string, Policy> Follow(MapObjects<string, Policy> policies, long revision, string name, Policy? policy)
    {
        var builder = policies.ToBuilder();
        builder.Follow(new StoreChange(revision, StoreKeyOf(name), policy is null ? null : JsonSerializer.SerializeToUtf8Bytes(policy)), policy);
        return builder.ToImmutable();
    }

    private void Write(Policy policy)
    {
        _mesh.Write(new StoreWrite(StoreKeyOf(policy.Name), JsonSerializer.SerializeToUtf8Bytes(policy)));
        _policies = Follow(_policies, _mesh.State.Revision, policy.Name, policy);
    }

    private sealed record Policy(string Name, string Text, long GoneSince);

    private sealed class PolicyKind : MapKind<string, Policy>
    {
        public override bool TryKeyOf(string storeKey, out string key)
        {
            key = storeKey[(storeKey.IndexOf('/', StringComparison.Ordinal) + 1)..];
            return StoreKeys.FolderOf(storeKey) == FolderName;
        }

        public override string StoreKeyOf(string key) => MapObjectsTests.StoreKeyOf(key);

        public override Policy? Merge(Policy? former, string storeKey, object? record) => record as Policy;

        public override bool IsGone(Policy value) => value.GoneSince != 0;

        public override long GoneSince(Policy value) => value.GoneSince;
    }
}
