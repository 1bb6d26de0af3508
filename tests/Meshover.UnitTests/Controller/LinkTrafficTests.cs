using System.Collections.Immutable;
using Meshover.Controller.Console;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;

namespace Meshover.UnitTests.Controller;

/// <summary>What the console's graph says of how much a link carries.</summary>
public sealed class LinkTrafficTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now);
    private readonly LinkTraffic _traffic = new();

    [Fact]
    public void Link_CarriesWhatTheEndThatSaysMoreCounted_BetweenItsLastTwoSummaries()
    {
        Take(Says(1, 0, (2, 1_000)), Says(2, 10, (1, 500)));
        Assert.Null(_traffic.Between(1, 2));
        Take(Says(1, 30, (2, 31_000)), Says(2, 10, (1, 500)));
        Assert.Equal(1_000, _traffic.Between(1, 2));
        Assert.Equal(1_000, _traffic.Between(2, 1));
        Take(Says(1, 30, (2, 31_000)), Says(2, 40, (1, 90_500)));
        Assert.Equal(3_000, _traffic.Between(1, 2));
        // The same summary again is no news.
        Take(Says(1, 30, (2, 31_000)), Says(2, 40, (1, 90_500)));
        Assert.Equal(3_000, _traffic.Between(1, 2));
        Assert.Null(_traffic.Between(1, 3));
    }

    [Fact]
    public void CounterThatBeganAnew_AndMemberThatWent_AreNotKnown()
    {
        Take(Says(1, 0, (2, 1_000)), Says(2, 0, (1, 1_000)));
        Take(Says(1, 30, (2, 10)), Says(2, 30, (1, 4_000)));
        Assert.Equal(100, _traffic.Between(1, 2));
        Take(Says(1, 60, (2, 610)));
        Assert.Equal(20, _traffic.Between(1, 2));
        Take();
        Assert.Null(_traffic.Between(1, 2));
    }

    private void Take(params GraphMember[] members) => _traffic.Take([.. members]);

    private static GraphMember Says(uint id, int second, params (uint Peer, ulong Bytes)[] links) => new(id, $"n{id}", "", IsTransit: true, Start, NodeState.Ok, LiveNode.Unheard with
    {
        Health = new HealthReport
        {
            At = Start.AddSeconds(second),
            Exceptions = ImmutableDictionary<uint, LinkReason>.Empty,
            Figures = links.ToImmutableDictionary(link => link.Peer, link => new LinkFigure(Rtt: null, link.Bytes / 2, link.Bytes - (link.Bytes / 2))),
        },
    });
}
