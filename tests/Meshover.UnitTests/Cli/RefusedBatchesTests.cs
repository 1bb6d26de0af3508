using System.Collections.Immutable;
using Meshover.Cli.Routes;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Cli;

/// <summary>How neighbours are asked for what is refused of them.</summary>
public sealed class RefusedBatchesTests
{
    private static readonly ImmutableArray<string> Links = [.. Enumerable.Range(1, 10).Select(n => $"mo-{n:x8}")];
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _asked = [];

    [Fact]
    public async Task All_AreAskedInOrder_AFewAtATime()
    {
        var answer = await AskAsync(_ => { });
        Assert.Equal(Links, _asked);
        Assert.Equal(Links.Select(link => new RefusedPath("10.97.0.0/24", link, 7)), answer.Refused);
        Assert.Equal((10, ""), (answer.Of.Count, answer.Problem));
    }

    [Fact]
    public async Task WhatWasAnswered_IsKeptWhereTheRestIsNot()
    {
        var answer = await AskAsync(first =>
        {
            if (first >= RefusedBatches.Size)
                throw new RoutingException("bgpd has not answered for 10 s");
        });
        Assert.Equal(Links.Take(RefusedBatches.Size), answer.Refused.Select(path => path.Neighbor));
        Assert.Equal(Links.Take(RefusedBatches.Size).ToHashSet(), answer.Of.ToHashSet());
        Assert.Equal("bgpd has not answered for 10 s", answer.Problem);
        Assert.Equal(2 * RefusedBatches.Size, _asked.Count); // and nobody after them
    }

    [Fact]
    public async Task NobodyIsAsked_AfterHalfAMinute()
    {
        var answer = await AskAsync(_ => _time.Advance(TimeSpan.FromSeconds(20)));
        Assert.Equal((8, 8), (answer.Of.Count, answer.Refused.Length));
        Assert.Contains("30 s", answer.Problem, StringComparison.Ordinal);
    }

    /// <param name="before">What happens before an answer, by the place of the first that it is of.</param>
    private Task<RefusedAnswer> AskAsync(Action<int> before) => new RefusedBatches((links, cancel) =>
    {
        cancel.ThrowIfCancellationRequested();
        Assert.InRange(links.Length, 1, RefusedBatches.Size);
        _asked.AddRange(links);
        before(Links.IndexOf(links[0]));
        return Task.FromResult<ImmutableArray<RefusedPath>>([.. links.Select(link => new RefusedPath("10.97.0.0/24", link, 7))]);
    }, _time).AskAsync(Links, TestContext.Current.CancellationToken);
}
