using Meshover.WireGuard.Session;

namespace Meshover.UnitTests.WireGuard.Session;

/// <summary>One engine that has reason to call many peers at once, as after a start.</summary>
public sealed class PacerTests
{
    private const int Second = 1_000;

    private long _now = 1_000_000;

    [Fact]
    public void AThousandPeers_CalledAtOnce_AreAllInSessionWithinASecondAndABitAndNoAnswerIsRefused()
    {
        var node = new Engine(1);
        var peers = Peers(node, 1_000);
        peers.ForEach(peer => peer.RequestHandshake(_now));

        var outcomes = new List<HandshakeOutcome>();
        var (most, start) = (0, _now);
        while (peers.Exists(peer => peer.SendSession is null) && _now < start + (5 * Second))
        {
            var answers = Answer(node);
            most = Math.Max(most, answers.Count);
            outcomes.AddRange(answers.Select(answer => node.Receive(answer, _now)));
            _now += Tunnel.TickMs;
            node.Manager.Tick(_now);
        }

        Assert.Equal([HandshakeOutcome.Completed], outcomes.Distinct());
        Assert.InRange(_now - start, 1, Second + Tunnel.TickMs);
        Assert.InRange(most, 1, 100);
    }

    [Fact]
    public void PeersCalledTogether_AreRenewedAtTimesThatDiffer()
    {
        var node = new Engine(1);
        var peers = Peers(node, 60);
        peers.ForEach(peer => peer.RequestHandshake(_now));
        Answer(node).ForEach(answer => node.Receive(answer, _now));

        node.Called.Clear();
        var (start, renewals) = (_now, new Dictionary<PeerSession, long>());
        for (_now += 100 * Second; _now < start + (121 * Second); _now += Tunnel.TickMs)
        {
            foreach (var peer in peers)
            {
                peer.Sent.Note(_now, data: true);
                peer.Received.Note(_now, data: true); // silence would be a reason to call, too
            }
            node.Manager.Tick(_now);
            while (node.Called.TryDequeue(out var peer))
                renewals.TryAdd(peer, _now - start); // nobody answers: it is called again
        }

        Assert.Equal(60, renewals.Count);
        Assert.All(renewals.Values, at => Assert.InRange(at, 110 * Second, 120 * Second));
        Assert.InRange(renewals.Values.GroupBy(at => at).Max(group => group.Count()), 1, 10);
    }

    [Fact]
    public void APeerThatWaits_AndCallsUsMeanwhile_IsNotCalled()
    {
        var node = new Engine(1, initiationsPerSecond: 10);
        var peers = Peers(node, 2);
        peers.ForEach(peer => peer.RequestHandshake(_now));
        Assert.Single(node.Outbox);

        var second = node.Other(peers[1]);
        second.Manager.FindPeer(node.PublicKey)!.RequestHandshake(_now);
        Assert.Equal(HandshakeOutcome.Answered, node.Receive(second.Outbox.Dequeue(), _now));
        node.Outbox.Clear();
        Tick(node, 3 * Second);

        Assert.Empty(node.Outbox);
    }

    [Fact]
    public void APeerThatWaits_AndIsRemoved_IsNotCalled()
    {
        var node = new Engine(1, initiationsPerSecond: 10);
        var peers = Peers(node, 2);
        peers.ForEach(peer => peer.RequestHandshake(_now));
        node.Outbox.Clear();
        node.Manager.RemovePeer(peers[1]);
        Tick(node, 3 * Second);

        Assert.Empty(node.Outbox);
    }

    [Fact]
    public void OnePeer_IsCalledAtOnce()
    {
        var node = new Engine(1);
        Peers(node, 1)[0].RequestHandshake(_now);

        Assert.Single(node.Outbox);
    }

    private void Tick(Engine node, long milliseconds)
    {
        for (var end = _now + milliseconds; _now < end; _now += Tunnel.TickMs)
            node.Manager.Tick(_now);
    }

    private static List<PeerSession> Peers(Engine node, int count) => [.. Enumerable.Range(2, count).Select(seed =>
    {
        var peer = new Engine(seed);
        peer.AddPeer(node);
        return node.AddPeer(peer);
    })];

    // What those who were called answer.
    private List<byte[]> Answer(Engine node)
    {
        var answers = new List<byte[]>();
        while (node.Outbox.TryDequeue(out var initiation))
        {
            var peer = node.Other(node.Called.Dequeue());
            Assert.Equal(HandshakeOutcome.Answered, peer.Receive(initiation, _now));
            answers.Add(peer.Outbox.Dequeue());
        }
        return answers;
    }
}
