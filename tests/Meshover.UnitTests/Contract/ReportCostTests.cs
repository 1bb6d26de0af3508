using System.Collections.Immutable;
using System.Net;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ControllerMesh = Meshover.UnitTests.Controller.TestMesh;
using EnginePeer = Meshover.WireGuard.Control.PeerStatus;
using TestMesh = Meshover.UnitTests.Mesh.TestMesh;
using WireGuardKey = Meshover.WireGuard.Keys.WireGuardKey;

namespace Meshover.UnitTests.Contract;

/// <summary>What a mesh of 1,000 nodes costs in reports, counted at both ends: each node's share must not grow with the mesh.</summary>
public sealed class ReportCostTests
{
    private const int Nodes = 1000;
    private const int BehindNats = 10; // the last ones

    private readonly FakeTimeProvider _time = new();
    private readonly StateReporter _reporter;
    private readonly AgentState _healthy;

    public ReportCostTests()
    {
        var identities = new IdentityKeeper(new IdentityStore("/nonexistent"), IdentityFactory.Create("n1", _time), NullLogger.Instance);
        _reporter = new StateReporter(AgentConfig.Default, identities, _time, _ => 1.5);
        var map = TestMesh.Full(Nodes);
        var plan = NodePlanner.Plan(map, new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());
        _healthy = new AgentState
        {
            Told = map,
            Map = map,
            Plan = plan,
            Routing = new RoutingStatus { State = RoutingState.Running, Neighbors = [.. plan.WireGuard.Peers.Select(peer => Established(peer.Node))] },
            Dataplane = new DataplaneStatus { Version = "0.1.0", Peers = [.. plan.WireGuard.Peers.Select(peer => Heard(map.Nodes[peer.Node]))] },
        };
    }

    [Fact]
    public void Hello_InAHealthyMesh_NamesThoseBehindNatsAlone()
    {
        var hello = NodeReportDiff.Between(null, _reporter.Report(_healthy))!;
        Assert.Equal(BehindNats, hello.Observed.Peers.Count);
        Assert.Equal((uint)Nodes - 1, hello.Summary.PeersUp);
        Assert.InRange(hello.CalculateSize(), 1, 500);
    }

    [Fact]
    public void OneNodeRestarts_CostsNoMessageOfAnyOther()
    {
        var before = _reporter.Report(_healthy);
        var silent = _reporter.Report(With(1, peer => peer with { LastReceiveAgeMs = 60_000 }));
        var back = _reporter.Report(_healthy);
        Assert.Null(NodeReportDiff.Between(before, silent));
        Assert.Null(NodeReportDiff.Between(silent, back));
    }

    [Fact]
    public void OneNodeBehindANatRestarts_CostsEachOtherOneEntry()
    {
        var before = _reporter.Report(_healthy);
        var moved = _reporter.Report(With(Nodes - 2, peer => peer with { Endpoint = IPEndPoint.Parse("203.0.113.9:5000") }));
        var status = NodeReportDiff.Between(before, moved)!;
        Assert.Equal((1, 0), (status.ObservedChanges.Seen.Count, status.ObservedChanges.Gone.Count));
        Assert.InRange(status.CalculateSize(), 1, 40);
    }

    [Fact]
    public void WholeListOfAnOlderAgent_IsKeptAsFarAsTheMapDoesNotSayIt()
    {
        var (state, ids) = Enrolled();
        var whole = new NodeStatus
        {
            Observed = new ObservedPeers
            {
                Peers =
                {
                    ids.Select((id, n) => Peer(id, $"192.0.2.{n & 255}")),
                    Enumerable.Range(1_000_000, Nodes).Select(id => Peer((uint)id, "203.0.113.9")), // nobody's
                    Peer(ids[7], "203.0.113.9"),
                },
            },
            Links = new LinkStates { Up = { ids } },
        };
        var report = StatusMapping.Merge(Meshover.Controller.Live.ReportedState.Nothing, whole, (node, place) => Sightings.IsNews(state, node, place));
        Assert.Equal([ids[7]], report.Observed.Keys);
        Assert.Equal(ids.Length, report.LinksUp);
    }

    [Fact]
    public void WhatTheMapHasFromPeersAlone_IsSaidAndKeptOn()
    {
        var (state, ids) = Enrolled(EndpointSource.SeenByPeer);
        Assert.True(Sightings.IsNews(state, ids[3], IPEndPoint.Parse("192.0.2.3:12912")));
        var map = TestMesh.Full(2);
        var node = map.Nodes[new NodeId(2)];
        node = node with { Endpoints = [.. node.Endpoints.Select(endpoint => endpoint with { Source = EndpointSource.SeenByPeer })] };
        map = map with { Nodes = map.Nodes.SetItem(node.Id, node) };
        Assert.Single(_reporter.Report(_healthy with { Map = map }).Observed, seen => seen.Node == node.Id);
    }

    private static (MeshState State, ImmutableArray<uint> Ids) Enrolled(EndpointSource source = EndpointSource.Interface)
    {
        var mesh = new ControllerMesh();
        ImmutableArray<uint> ids = [.. Enumerable.Range(0, 50).Select(n => mesh.Enrol($"n{n}").Id)];
        mesh.Change(draft =>
        {
            for (var n = 0; n < ids.Length; n++)
                draft.Put(StoreKeys.Reach(ids[n]), new ReachRecord { Endpoints = [new EndpointRecord($"192.0.2.{n}", 12912, (int)source)] });
        });
        return (mesh.State, ids);
    }

    private static ObservedPeers.Types.Peer Peer(uint id, string address) => new() { NodeId = id, Address = address, Port = 12912 };

    private static NeighborStatus Established(NodeId node) =>
        new() { Interface = node.LinkName, BgpState = "Established", PrefixesReceived = 2, UptimeMs = 5000, BfdUp = true };

    private static EnginePeer Heard(MeshNode node) => new()
    {
        PublicKey = new WireGuardKey(node.WireGuardKeys[0].Bytes),
        Endpoint = node.Id.Value <= Nodes - BehindNats ? node.Endpoints[0].EndPoint : IPEndPoint.Parse($"203.0.113.1:{node.Id.Value + 10_000}"),
        LastHandshakeAgeMs = 1000,
        LastReceiveAgeMs = 100,
        RxBytes = 1,
        TxBytes = 1,
    };

    private AgentState With(int peer, Func<EnginePeer, EnginePeer> change) => _healthy with
    {
        Dataplane = _healthy.Dataplane! with { Peers = _healthy.Dataplane.Peers.SetItem(peer, change(_healthy.Dataplane.Peers[peer])) },
    };
}
