using Meshover.Agent;
using Meshover.Agent.Reconciling;
using Meshover.Agent.Trust;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Mesh;

namespace Meshover.UnitTests.Agent.Reconciling;

public sealed class AppliedTests
{
    private static readonly ReconcileReport Ok = new() { State = ComponentState.Ok };
    private static readonly MeshMap Two = TestMesh.Full(2);
    private static readonly Wanted First = new Wanted().With(Plan(Two), keys: null);

    [Fact]
    public void With_WhatIsWantedAlready_IsTheSame()
    {
        Assert.Equal((1, 1, 1), (First.Generation, First.SystemSince, First.RoutingSince));
        Assert.Same(First, First.With(First.Plan, keys: null));
        Assert.Equal(0, new Wanted().With(plan: null, keys: null).Generation);
    }

    [Fact]
    public void With_APlanThatAsksForTheSame_IsANewGenerationOfOldParts()
    {
        var next = First.With(Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2) with { Endpoints = [TestMesh.At("203.0.113.3:5")] })), keys: null);
        Assert.Equal((2, 1, 1), (next.Generation, next.SystemSince, next.RoutingSince));
    }

    [Fact]
    public void With_AGrant_ChangesRoutingAndTheKernelAndNotTheKeys()
    {
        var next = First.With(Plan(TestMesh.Of(TestMesh.Node(1), TestMesh.Node(2).Granted("10.64.2.0/24"))), keys: null);
        Assert.Equal((2, 2, 2, 0), (next.Generation, next.SystemSince, next.RoutingSince, next.KeysSince));
    }

    [Fact]
    public void With_OtherKeys_ChangesTheSystemAlone()
    {
        var next = First.With(First.Plan, new KeyChange("", KeyChangeStage.Prepared, Begun: 5));
        Assert.Equal((2, 2, 1, 2), (next.Generation, next.SystemSince, next.RoutingSince, next.KeysSince));
    }

    [Fact]
    public void Has_AllPassed_AndAnyThatDidNot_IsWaitedFor()
    {
        var applied = new Applied().With("dataplane", Ok, 1).With("kernel", Ok, 1);
        Assert.False(applied.Has(1, First));
        Assert.True(applied.With("routing", new ReconcileReport { State = ComponentState.Off }, 1).Has(1, First));
    }

    [Fact]
    public void Has_AGenerationWithUnchangedParts_NeedsNoPass()
    {
        var second = First.With(Plan(TestMesh.Full(2)), keys: null);
        var applied = All(new Applied(), 1);
        Assert.True(applied.Has(2, second));
        Assert.Equal(2, applied.Newest("kernel", second));
        Assert.False(applied.Has(3, second));
    }

    [Fact]
    public void Has_AnOlderGenerationWhoseChangeANewerOneFollows_IsSatisfiedByAnyPassSince()
    {
        var third = First.With(Plan(TestMesh.Full(3)), keys: null).With(Plan(TestMesh.Full(4)), keys: null);
        Assert.True(All(new Applied(), 2).Has(2, third));
        Assert.False(All(new Applied(), 2).Has(3, third));
    }

    [Fact]
    public void Has_AComponentThatStarts_IsWaitedForAndOneThatFailedIsNot()
    {
        var others = new Applied().With("dataplane", Ok, 1).With("kernel", Ok, 1);
        Assert.False(others.With("routing", new ReconcileReport { State = ComponentState.Starting, Errors = ["nobody answers"] }, 1).Has(1, First));
        var failed = others.With("routing", new ReconcileReport { State = ComponentState.Degraded, Errors = ["FRR refuses"] }, 1);
        Assert.Equal("routing: FRR refuses", Assert.Throws<AgentException>(() => failed.Has(1, First)).Message);
    }

    [Fact]
    public void Has_AnErrorOfAnOlderPlan_SaysNothingOfTheNewer()
    {
        var second = First.With(Plan(TestMesh.Full(3)), keys: null);
        var applied = All(new Applied(), 2).With("routing", new ReconcileReport { State = ComponentState.Failed, Errors = ["no"] }, 1);
        Assert.True(applied.Has(2, second));
        var still = new Applied().With("dataplane", Ok, 2).With("kernel", Ok, 2).With("routing", new ReconcileReport { State = ComponentState.Failed, Errors = ["no"] }, 1);
        Assert.False(still.Has(2, second));
    }

    private static Applied All(Applied applied, long generation) => Wanted.Components.Aggregate(applied, (all, component) => all.With(component, Ok, generation));

    private static NodePlan Plan(MeshMap map) => NodePlanner.Plan(map, new(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());
}
