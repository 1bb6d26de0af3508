using System.Collections.Concurrent;
using System.Collections.Immutable;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Ways;

namespace Meshover.Controller.Administration;

/// <summary>
/// Where the ways between pairs end that do not reach each other: the nodes on them are asked, as <c>meshover why</c> does, there and back. At most 16 pairs, of each at most 16
/// questions, and all together for 8 s; who gave no answer is not waited for again.
/// </summary>
internal sealed class BrokenWays(MeshState mesh, IWayAsker asker)
{
    public const int MostPairs = 16;

    /// <summary>An administrator waits for it.</summary>
    internal static readonly TimeSpan Within = TimeSpan.FromSeconds(8);

    /// <summary>With both directions as many questions as one node takes at a time.</summary>
    private const int AtATime = 2;

    private readonly ConcurrentDictionary<uint, string> _silent = new();

    /// <returns>The same problems, in the same order; those of pairs with where their ways end, or how that is found out.</returns>
    public async Task<ImmutableArray<CheckProblem>> TellAsync(ImmutableArray<CheckProblem> problems, TimeProvider time, CancellationToken cancel)
    {
        var told = problems.ToArray();
        int[] pairs = [.. Enumerable.Range(0, told.Length).Where(i => told[i].Pair is not null)];
        using var limit = new CancellationTokenSource(Within, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        await Parallel.ForEachAsync(pairs.Take(MostPairs), new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancel },
            async (i, _) => told[i] = With(told[i], await OfPairAsync(told[i].Pair!.Value, both.Token, cancel)));
        foreach (var i in pairs.Skip(MostPairs))
            told[i] = With(told[i], Unasked(told[i]));
        return [.. told];
    }

    private static CheckProblem With(CheckProblem problem, string more) => problem with { Text = $"{problem.Text} {(more.Length > 0 ? more : Unasked(problem))}" };

    private static string Unasked(CheckProblem problem) => $"`meshover why {problem.Subject}` names the hop where it ends.";

    /// <returns>Empty: there was no time for it, or one of them is no member any more.</returns>
    private async Task<string> OfPairAsync((uint A, uint B) pair, CancellationToken limit, CancellationToken cancel)
    {
        if (mesh.Member(pair.A)?.Record is not { } a || mesh.Member(pair.B)?.Record is not { } b)
            return "";
        try
        {
            var ways = await Task.WhenAll(WalkAsync(a, b, limit), WalkAsync(b, a, limit));
            return string.Join(' ', ways);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "";
        }
    }

    private async Task<string> WalkAsync(StoredNode from, StoredNode to, CancellationToken cancel)
    {
        var walk = new WayWalk(from.Id, new WayEnd(to.HostName, [to.Id], IsBehind: false), NameOf);
        while (walk.Asks is { } id)
        {
            try
            {
                if (_silent.TryGetValue(id, out var why))
                    throw new RefusalException(RefusalReason.Unanswered, why);
                walk.Take(await asker.StepAsync(id, NameOf(id)!, to.Address6, from.Address6, cancel));
            }
            catch (RefusalException e)
            {
                _silent[id] = e.Message;
                walk.Unanswered(e.Message);
            }
        }
        return $"{from.HostName} to {to.HostName}: {(walk.Arrives ? $"routes lead there by {string.Join(", ", walk.Steps.Select(step => step.Name))}; packets are lost between these." : walk.Ends)}";
    }

    private string? NameOf(uint id) => mesh.Member(id)?.Record.HostName;
}
