using Meshover.Routing.Supervision;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class BfdDeadlocksTests
{
    private const string Link = "mo-00000002";
    private static readonly HashSet<string> Up = [Link, "mo-00000003"];
    private readonly FakeTimeProvider _time = new();
    private readonly BfdDeadlocks _deadlocks;

    public BfdDeadlocksTests() => _deadlocks = new BfdDeadlocks(_time);

    [Fact]
    public void Neighbour_IdleWithoutBfd_IsWaitedForBeforeFrrStartsAnew()
    {
        Assert.False(_deadlocks.Look([Waiting()], Up));
        Assert.False(After(15, Waiting()));
        Assert.True(After(1, Waiting()));
    }

    [Fact]
    public void Neighbour_ThatComesBackMeanwhile_StartsItsTimeAnew()
    {
        Assert.False(_deadlocks.Look([Waiting()], Up));
        Assert.False(After(10, Waiting() with { BgpState = "Established" }));
        Assert.False(After(5, Waiting()));
        Assert.False(After(10, Waiting()));
        Assert.True(After(6, Waiting()));
    }

    [Theory]
    [InlineData("Active", false)]
    [InlineData("Idle", true)]
    public void Neighbour_InAnotherState_IsLeftAlone(string state, bool bfd)
    {
        var neighbor = Waiting() with { BgpState = state, BfdUp = bfd };
        Assert.False(_deadlocks.Look([neighbor], Up));
        Assert.False(After(60, neighbor));
    }

    [Fact]
    public void Neighbour_WithoutItsLink_IsLeftAlone()
    {
        Assert.False(_deadlocks.Look([Waiting()], new HashSet<string>()));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_deadlocks.Look([Waiting()], new HashSet<string>()));
    }

    [Fact]
    public void Neighbour_StillGoneAfterTheStart_IsNoReasonForAnotherUntilItWasThere()
    {
        _deadlocks.Look([Waiting()], Up);
        Assert.True(After(16, Waiting()));
        Assert.False(After(1, Waiting()));
        Assert.False(After(3600, Waiting()));
        Assert.False(After(1, Waiting() with { BgpState = "Established", BfdUp = true }));
        Assert.False(After(1, Waiting()));
        Assert.True(After(16, Waiting()));
    }

    // As FRR 10.3.0 said it of a neighbour with 8.4.4 whose FRR was away, without what is not read.
    [Fact]
    public void Neighbour_AsFrr103TellsOfIt_IsSeenToWait()
    {
        const string said = """
            {
            "ipv4Unicast":{"routerId":"10.249.0.4","as":4200000004,"peers":{
                "mo-00000001":{"remoteAs":4200000001,"peerUptimeMsec":7000,"pfxRcd":6,"state":"Established","peerState":"OK","idType":"interface"},
                "mo-00000002":{"remoteAs":4200000003,"peerUptimeMsec":5000,"pfxRcd":2,"state":"Idle","peerState":"NSF passive","idType":"interface"}}}
            ,
            "ipv6Unicast":{"peers":{
                "mo-00000001":{"remoteAs":4200000001,"peerUptimeMsec":7000,"pfxRcd":6,"state":"Established","peerState":"OK","idType":"interface"},
                "mo-00000002":{"remoteAs":4200000003,"peerUptimeMsec":5000,"pfxRcd":2,"state":"Idle","peerState":"NSF passive","idType":"interface"}}}
            }
            [
              {"multihop":false,"peer":"fe80::1","local":"fe80::4","vrf":"default","interface":"mo-00000001","status":"up","uptime":16,"diagnostic":"ok","type":"dynamic"},
              {"multihop":false,"peer":"fe80::3","local":"fe80::4","vrf":"default","interface":"mo-00000002","status":"down"}
            ]
            """;
        var neighbors = StatusReader.ParseNeighbors(said);
        Assert.False(_deadlocks.Look(neighbors, Up));
        Assert.True(After(16, [.. neighbors]));
    }

    [Fact]
    public void AnotherNeighbour_SoonAfterAStart_WaitsUntilTwoMinutesAreOver()
    {
        var other = Waiting() with { Interface = "mo-00000003" };
        _deadlocks.Look([Waiting()], Up);
        Assert.True(After(16, Waiting()));
        Assert.False(After(1, Waiting(), other));
        Assert.False(After(60, Waiting(), other));
        Assert.True(After(60, Waiting(), other));
    }

    private static NeighborStatus Waiting() => new() { Interface = Link, BgpState = "Idle", BfdUp = false, PrefixesReceived = 0, UptimeMs = 0 };

    private bool After(int seconds, params NeighborStatus[] neighbors)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        return _deadlocks.Look(neighbors, Up);
    }
}
