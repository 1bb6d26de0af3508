using System.Net;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class WorkloadPrefixesTests
{
    private readonly TestMesh _mesh = new();

    public WorkloadPrefixesTests() => _mesh.Change(draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { WorkloadPool4 = "10.64.0.0/20", WorkloadPool6 = "fd64::/56" }));

    [Fact]
    public void Wish_IsGivenOfEachFamily_AndKept()
    {
        var node = _mesh.Enrol("a").Id;
        Assert.Equal("", Assign(node, 26, 64));
        Assert.Equal(["10.64.0.0/26", "fd64::/64"], Prefixes(node));
        Assert.True(WorkloadPrefixes.Has(_mesh.State.Member(node)!.Record, [26, 64]));
        var revision = _mesh.State.Member(node)!.Record;
        Assert.Equal("", Assign(node, 26, 64));
        Assert.Same(revision, _mesh.State.Member(node)!.Record);
    }

    [Fact]
    public void Prefixes_OfOthers_OfThoseWhoRest_AndGrantedByHand_AreNotGivenAgain()
    {
        var (a, b, c) = (_mesh.Enrol("a"), _mesh.Enrol("b"), _mesh.Enrol("c"));
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Member(b.Id)!.Record, new StoredGrant("10.64.0.64/28", 28)));
        // Around the whole pool: it takes nothing out of it.
        _mesh.Change(draft => GrantRules.Add(draft, _mesh.State.Member(c.Id)!.Record, new StoredGrant("10.0.0.0/8", 8)));
        Assign(a.Id, 26);
        Assign(b.Id, 25);
        Assert.Equal(["10.64.0.0/26"], Prefixes(a.Id));
        Assert.Contains("10.64.0.128/25", Prefixes(b.Id));
        _mesh.Remove(_mesh.State.Member(a.Id)!.Record);
        Assign(c.Id, 26);
        Assert.Contains("10.64.1.0/26", Prefixes(c.Id));
        _mesh.Change(draft => draft.Put(StoreKeys.Node(a.Id), draft.State.Nodes[a.Id].Record with { RestsUntil = 0 }));
        var d = _mesh.Enrol("d");
        Assign(d.Id, 26);
        Assert.Equal(["10.64.0.0/26"], Prefixes(d.Id));
    }

    [Fact]
    public void OtherLength_TakesThePlaceOfTheFormer_AndWhatAnAdministratorTookDoesNotComeBack()
    {
        var node = _mesh.Enrol("a").Id;
        Assign(node, 26);
        Assign(node, 25);
        Assert.Equal(["10.64.0.128/25"], Prefixes(node));
        _mesh.Change(draft => GrantRules.Remove(draft, draft.State.Member(node)!.Record, "10.64.0.128/25"));
        Assign(node, 25);
        Assert.Equal(["10.64.1.0/25"], Prefixes(node));
    }

    [Fact]
    public void WhatCannotBeGiven_IsSaidWithItsReason_AndNothingIsLost()
    {
        var node = _mesh.Enrol("a").Id;
        Assert.Contains("too much of the pool 10.64.0.0/20 (workloadPool4); wish for /24 or longer", Assign(node, 23), StringComparison.Ordinal);
        _mesh.Change(draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { WorkloadPool6 = null }));
        Assert.Contains("no pool for it. An administrator sets workloadPool6", Assign(node, 24, 64), StringComparison.Ordinal);
        Assert.Equal(["10.64.0.0/24"], Prefixes(node));
        for (var n = 0; n < 15; n++)
            Assert.Equal("", Assign(_mesh.Enrol($"n{n}").Id, 24));
        var last = _mesh.Enrol("last").Id;
        Assert.Contains("has no room left", Assign(last, 24), StringComparison.Ordinal);
        Assert.Contains("has no room left", Assign(last, 30), StringComparison.Ordinal);
        Assert.Empty(Prefixes(last));
    }

    [Theory]
    [InlineData("10.0.0.0/24", 26, "", "10.0.0.0/26")]
    [InlineData("10.0.0.0/24", 26, "10.0.0.0/25", "10.0.0.128/26")]
    [InlineData("10.0.0.0/24", 26, "10.0.0.0/32 10.0.0.64/32 10.0.0.191/32", "10.0.0.192/26")]
    [InlineData("10.0.0.0/24", 25, "10.0.0.127/32 10.0.0.128/32", null)]
    [InlineData("10.0.0.0/24", 26, "10.0.0.0/25 10.0.0.16/28 10.0.0.128/26", "10.0.0.192/26")]
    [InlineData("255.255.255.0/24", 25, "255.255.255.0/25", "255.255.255.128/25")]
    [InlineData("ffff::/16", 17, "ffff::/17", "ffff:8000::/17")]
    public void FirstFree_IsTheLowestThatOverlapsNothing(string pool, int length, string taken, string? expected) =>
        Assert.Equal(expected, $"{WorkloadPrefixes.FirstFree(IPNetwork.Parse(pool), length, taken.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPNetwork.Parse))}" is { Length: > 0 } found ? found : null);

    private string Assign(uint node, params int[] lengths)
    {
        var said = "";
        _mesh.Change(draft => said = WorkloadPrefixes.Assign(draft, node, [.. lengths]));
        return said;
    }

    private IEnumerable<string> Prefixes(uint node) => _mesh.State.Member(node)!.Record.Grants.Select(grant => grant.Prefix);
}
