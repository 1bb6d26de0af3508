using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Reporting;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Paths;
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
        Take(_probe, Answer(request));
        Assert.Equal(12.5, _probe.Get(Peer));
        Assert.Null(_probe.Get(new NodeId(3)));

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.NotNull(_probe.Get(Peer));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_probe.Get(Peer));
    }

    /// <summary>One echo may be lost any time; it is asked once more in the same round.</summary>
    [Fact]
    public void Unanswered_CountsFromTheSecondRequestInARow()
    {
        _probe.Post(Plan(1));
        _probe.Asked(Peer, At(Peer));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(_probe.Unanswered(Peer));
        Assert.Equal([Peer], _probe.Unanswered(_probe.NextRound()).Select(link => link.Peer));
        _probe.Asked(Peer, At(Peer));
        _time.Advance(TimeSpan.FromSeconds(2));
        _probe.Asked(Peer, At(Peer));
        Assert.Equal(TimeSpan.FromSeconds(2), _probe.Unanswered(Peer));
        Take(_probe, Answer(_probe.Request(Peer)));
        Assert.Null(_probe.Unanswered(Peer));
        Assert.Empty(_probe.Unanswered(_probe.NextRound()));
    }

    /// <summary>Of a peer that is off no echo counts: that is its link's matter.</summary>
    [Fact]
    public void Tally_CountsWhatIsLostOnLinksThatWork()
    {
        _probe.Post(Plan(1));
        _probe.Asked(Peer, At(Peer));
        _probe.Asked(Peer, At(Peer));
        Assert.Equal(new EchoTally(0, 0, null), _probe.Tally);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        var request = _probe.Request(Peer);
        _time.Advance(TimeSpan.FromMilliseconds(4));
        Take(_probe, Answer(request));
        _probe.Asked(Peer, At(Peer));
        Take(_probe, Answer(_probe.Request(Peer)));
        _probe.Asked(Peer, At(Peer));
        // One that was asked a moment ago may answer yet.
        _time.Advance(TimeSpan.FromMilliseconds(1_495));
        _probe.Asked(Peer, At(Peer));
        Assert.Equal((3ul, 1ul), (_probe.Tally.Sent, _probe.Tally.Lost));
        _time.Advance(TimeSpan.FromSeconds(31));
        _probe.Asked(Peer, At(Peer));
        Assert.Equal(new EchoTally(3, 1, null), _probe.Tally);
    }

    /// <summary>The first answer wants a close look: who owes an echo is waited for, and is given up in the end.</summary>
    [Fact]
    public void NextClose_LinkThatIsNotKnown_IsAskedUntilItIs()
    {
        var changes = 0;
        var probe = new RttProbe(_machine, NullLogger.Instance, _time) { QualityChanged = () => changes++ };
        var looks = new Dictionary<NodeId, RttProbe.CloseLook>();
        probe.Post(Plan(2));
        Assert.Null(probe.NextClose(looks));
        Answer(20);
        for (var i = 0; i < 15; i++)
        {
            Assert.Equal([Peer], probe.NextClose(looks)!.Select(link => link.Peer));
            probe.Asked(Peer, At(Peer));
            Assert.Empty(probe.NextClose(looks)!);
            Answer(20);
        }
        Assert.Null(probe.NextClose(looks));
        Assert.Equal((1, new LinkQuality(5, IsJittery: false, Loss: 0)), (changes, Assert.Single(probe.Qualities).Value));

        looks.Clear();
        Answer(80);
        for (var i = 0; i < 24; i++)
        {
            Assert.Single(probe.NextClose(looks)!);
            probe.Asked(Peer, At(Peer));
            _time.Advance(TimeSpan.FromSeconds(1.5));
        }
        Assert.Empty(probe.NextClose(looks)!);
        Assert.Null(probe.NextClose(looks));
        Assert.Equal((2, 5), (changes, Assert.Single(probe.Qualities).Value.Rtt));

        void Answer(double milliseconds)
        {
            var request = probe.Request(Peer);
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            Take(probe, RttProbeTests.Answer(request));
        }
    }

    [Fact]
    public void Qualities_OfALinkThatIsRecalled_AreThoseUntilItLeaves()
    {
        var probe = new RttProbe(_machine, NullLogger.Instance, _time) { QualityChanged = () => { } };
        probe.Recall(ImmutableSortedDictionary<NodeId, LinkQuality>.Empty.Add(Peer, new LinkQuality(5, IsJittery: false, Loss: 0)).Add(new NodeId(99), new LinkQuality()));
        probe.Post(Plan(1));
        Assert.Equal(Peer, Assert.Single(probe.Qualities).Key);
        probe.Post(Plan(0));
        Assert.Empty(probe.Qualities);
    }

    [Fact]
    public void Take_AnswersOutOfOrder_EachIsMeasuredByItsOwnRequest()
    {
        _probe.Post(Plan(1));
        var early = _probe.Request(Peer);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        var late = _probe.Request(Peer);
        _time.Advance(TimeSpan.FromMilliseconds(7));
        Take(_probe, Answer(late));
        Assert.Equal(7, _probe.Get(Peer));
        Take(_probe, Answer(early));
        Assert.Equal(107, _probe.Get(Peer));
    }

    [Fact]
    public void Take_WhatIsNoAnswerToUs_IsPassedOver()
    {
        _probe.Post(Plan(1));
        var request = _probe.Request(Peer);
        var answer = Answer(request);
        for (var length = 0; length < answer.Length; length++)
            Take(_probe, answer.AsSpan(0, length));
        Take(_probe, request); // our own, as a raw socket on the loopback hears it
        var foreign = answer.ToArray();
        foreign[4] ^= 0xff; // another program's identifier
        Take(_probe, foreign);
        Assert.Null(_probe.Get(Peer));
    }

    [Fact]
    public void Take_AnswerThatCameAnotherWay_IsPassedOver()
    {
        _probe.Post(Plan(2));
        var answer = Answer(_probe.Request(Peer));
        _probe.Asked(Peer, At(Peer, link: 7));
        _probe.Take(answer, At(Peer, link: 8));
        _probe.Take(answer, At(new NodeId(3), link: 7));
        Assert.Null(_probe.Get(Peer));
        _probe.Take(answer, At(Peer, link: 7));
        Assert.NotNull(_probe.Get(Peer));
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
            Take(_probe, madeUp);
        }
        Take(_probe, Answer(request).AsSpan()[..^1]);
        Assert.Null(_probe.Get(Peer));
        Assert.Null(_probe.Get(new NodeId(3)));
    }

    [Fact]
    public void Take_PeerThatIsNone_IsPassedOver()
    {
        _probe.Post(Plan(2));
        Take(_probe, Answer(_probe.Request(new NodeId(3))));
        Take(_probe, Answer(_probe.Request(new NodeId(4))));
        Assert.NotNull(_probe.Get(new NodeId(3)));
        Assert.Null(_probe.Get(new NodeId(4)));

        _probe.Post(Plan(1));
        Assert.Null(_probe.Get(new NodeId(3)));
    }

    [Fact]
    public void NextRound_FewLinks_AsksEachOnce()
    {
        _probe.Post(Plan(8));
        Assert.All(Rounds(3), round => Assert.Equal(8, round.Distinct().Count()));
    }

    [Fact]
    public void NextRound_ManyLinks_AsksSoManyAtOnceAndAllInTurn()
    {
        _probe.Post(Plan(1000));
        var asked = Rounds(4);
        Assert.All(asked, round => Assert.Equal(250, round.Length));
        Assert.Equal(1000, asked.SelectMany(round => round).Distinct().Count());
    }

    [Fact]
    public void NextRound_PlanShrinks_GoesOnWithThoseThatAreLeft()
    {
        Assert.Empty(_probe.NextRound());
        _probe.Post(Plan(900));
        Rounds(3);
        _probe.Post(Plan(2));
        Assert.Equal(["mo-00000002", "mo-00000003"], Rounds(1).Single().Order());
        _probe.Post(Plan(0));
        Assert.Empty(_probe.NextRound());
    }

    /// <summary>By the link of the peer that it is about.</summary>
    private static void Take(RttProbe probe, ReadOnlySpan<byte> packet)
    {
        var peer = packet.Length < 20 ? Peer : new NodeId(BinaryPrimitives.ReadUInt32BigEndian(packet[16..]));
        probe.Take(packet, At(peer));
    }

    private static IPAddress At(NodeId peer, int link = 7) => new(peer.LinkLocal.GetAddressBytes(), link);

    /// <summary>What a peer's kernel makes of a request (RFC 4443, section 4.2): another type, everything else as it came.</summary>
    private static byte[] Answer(byte[] request) => [129, .. request[1..]];

    private string[][] Rounds(int count) => [.. Enumerable.Range(0, count).Select(_ => _probe.NextRound().Select(link => link.Name).ToArray())];

    private static NodePlan Plan(int peers) =>
        NodePlanner.Plan(TestMesh.Full(peers + 1), new NodeId(1), new NodeSettings(), new NodeCapabilities(), new NodeHealth());
}
