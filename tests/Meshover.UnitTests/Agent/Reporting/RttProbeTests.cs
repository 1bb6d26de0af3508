using Meshover.Agent.Reporting;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Meshover.UnitTests.Agent.Endpoints;
using Meshover.UnitTests.Mesh;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class RttProbeTests : IDisposable
{
    private static readonly NodeId Peer = new(2);
    private readonly FakeTimeProvider _time = new();
    private readonly FakeMachine _machine = new();
    private readonly RttProbe _probe;

    public RttProbeTests() => _probe = new RttProbe(_machine, NullLogger.Instance, _time);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Get_AfterAnAnswer_IsTheTimeThatItTookUntilItIsOld()
    {
        _probe.Post(Plan(1));
        Assert.Null(_probe.Get(Peer));
        var request = _probe.Request(Peer);
        _time.Advance(TimeSpan.FromMilliseconds(12.5));
        _probe.Take(Answer(request));
        Assert.Equal(12.5, _probe.Get(Peer));
        Assert.Null(_probe.Get(new NodeId(3)));

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.NotNull(_probe.Get(Peer));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_probe.Get(Peer));
    }

    [Fact]
    public void Take_AnswersOutOfOrder_EachIsMeasuredByItsOwnRequest()
    {
        _probe.Post(Plan(1));
        var early = _probe.Request(Peer);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        var late = _probe.Request(Peer);
        _time.Advance(TimeSpan.FromMilliseconds(7));
        _probe.Take(Answer(late));
        Assert.Equal(7, _probe.Get(Peer));
        _probe.Take(Answer(early));
        Assert.Equal(107, _probe.Get(Peer));
    }

    [Fact]
    public void Take_WhatIsNoAnswerToUs_IsPassedOver()
    {
        _probe.Post(Plan(1));
        var request = _probe.Request(Peer);
        var answer = Answer(request);
        for (var length = 0; length < answer.Length; length++)
            _probe.Take(answer.AsSpan(0, length));
        _probe.Take(request); // our own, as a raw socket on the loopback hears it
        var foreign = answer.ToArray();
        foreign[4] ^= 0xff; // another program's identifier
        _probe.Take(foreign);
        Assert.Null(_probe.Get(Peer));
    }

    [Fact]
    public void Take_AnswerThatSomebodyMadeUp_IsPassedOver()
    {
        _probe.Post(Plan(2));
        var request = _probe.Request(Peer);
        for (var i = 8; i < request.Length; i++)
        {
            var madeUp = Answer(request);
            madeUp[i] ^= 1;
            _probe.Take(madeUp);
        }
        _probe.Take(Answer(request).AsSpan()[..^1]);
        Assert.Null(_probe.Get(Peer));
        Assert.Null(_probe.Get(new NodeId(3)));
    }

    [Fact]
    public void Take_PeerThatIsNone_IsPassedOver()
    {
        _probe.Post(Plan(2));
        _probe.Take(Answer(_probe.Request(new NodeId(3))));
        _probe.Take(Answer(_probe.Request(new NodeId(4))));
        Assert.NotNull(_probe.Get(new NodeId(3)));
        Assert.Null(_probe.Get(new NodeId(4)));

        _probe.Post(Plan(1));
        Assert.Null(_probe.Get(new NodeId(3)));
    }

    [Fact]
    public void NextSecond_FewLinks_AsksEachOnceInFiveSeconds()
    {
        _probe.Post(Plan(8));
        var asked = Seconds(5);
        Assert.All(asked, second => Assert.InRange(second.Length, 1, 2));
        Assert.Equal(8, asked.SelectMany(second => second).Distinct().Count());
    }

    [Fact]
    public void NextSecond_ManyLinks_AsksFiftyAndAllInTurn()
    {
        _probe.Post(Plan(1000));
        var asked = Seconds(20);
        Assert.All(asked, second => Assert.Equal(50, second.Length));
        Assert.Equal(1000, asked.SelectMany(second => second).Distinct().Count());
    }

    [Fact]
    public void NextSecond_PlanShrinks_GoesOnWithThoseThatAreLeft()
    {
        Assert.Empty(_probe.NextSecond());
        _probe.Post(Plan(9));
        Seconds(4);
        _probe.Post(Plan(2));
        Assert.Equal(["mo-00000002", "mo-00000003"], Seconds(4).SelectMany(second => second).Distinct().Order());
        _probe.Post(Plan(0));
        Assert.Empty(_probe.NextSecond());
    }

    /// <summary>What a peer's kernel makes of a request (RFC 4443, section 4.2): another type, everything else as it came.</summary>
    private static byte[] Answer(byte[] request) => [129, .. request[1..]];

    private string[][] Seconds(int count) => [.. Enumerable.Range(0, count).Select(_ => _probe.NextSecond().Select(link => link.Name).ToArray())];

    private static NodePlan Plan(int peers) =>
        NodePlanner.Plan(TestMesh.Full(peers + 1), new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());
}
