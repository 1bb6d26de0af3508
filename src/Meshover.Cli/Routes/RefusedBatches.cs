using System.Collections.Immutable;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Routes;

/// <summary>
/// Asks neighbour after neighbour, a few at a time, what bgpd refuses of it: it walks its whole table for each. What was answered is kept where the rest is not.
/// </summary>
/// <param name="ask">What is refused of these links; throws <see cref="RoutingException"/>.</param>
internal sealed class RefusedBatches(Func<ImmutableArray<string>, CancellationToken, Task<ImmutableArray<RefusedPath>>> ask, TimeProvider time)
{
    public const int Size = 4;

    /// <summary>For all of them.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <param name="links">In the order in which they are asked.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<RefusedAnswer> AskAsync(ImmutableArray<string> links, CancellationToken cancel)
    {
        var answer = new RefusedAnswer([], [], "");
        using var late = new CancellationTokenSource(Long, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        foreach (var batch in links.Chunk(Size))
        {
            try
            {
                var refused = await ask([.. batch], either.Token);
                answer = answer with { Refused = answer.Refused.AddRange(refused), Of = answer.Of.Union(batch) };
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                return answer with { Problem = $"bgpd took more than {Long.TotalSeconds:0} s for all of them" };
            }
            catch (RoutingException e)
            {
                return answer with { Problem = e.Message }; // one daemon has them all: the others would wait as long for nothing
            }
        }
        return answer;
    }
}

/// <param name="Of">The links that it is of.</param>
/// <param name="Problem">Why the others were not answered; empty: all were.</param>
internal sealed record RefusedAnswer(ImmutableArray<RefusedPath> Refused, ImmutableHashSet<string> Of, string Problem);
