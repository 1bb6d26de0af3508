using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Ways;

namespace Meshover.Controller.Administration;

/// <summary>
/// Where the ways between pairs end that do not reach each other: the nodes on them are asked, as <c>meshover why</c> does, there and back. At most 16 pairs, of each at most 16
/// questions, and all together for 8 s; who gave no answer in time is not waited for again.
/// </summary>
internal sealed class BrokenWays(MeshState mesh, IWayAsker asker, TimeProvider time)
{
    public const int MostPairs = 16;

    /// <summary>An administrator waits for it.</summary>
    internal static readonly TimeSpan Within = TimeSpan.FromSeconds(8);

    /// <summary>One node for one answer: a node that hangs must not take the time of all.</summary>
    internal static readonly TimeSpan Each = TimeSpan.FromSeconds(2);

    /// <summary>With both directions as many questions as one node takes at a time.</summary>
    private const int AtATime = 2;

    private readonly ConcurrentDictionary<uint, bool> _silent = new();

    /// <returns>The same problems, in the same order; those of pairs with where their ways end, or how that is found out.</returns>
    public async Task<ImmutableArray<CheckProblem>> TellAsync(ImmutableArray<CheckProblem> problems, CancellationToken cancel)
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
        var ways = await Task.WhenAll(TryWalkAsync(a, b, limit, cancel), TryWalkAsync(b, a, limit, cancel));
        return string.Join(' ', ways.Where(way => way.Length > 0));
    }

    /// <summary>What one direction is short of time for takes nothing from what the other found.</summary>
    private async Task<string> TryWalkAsync(StoredNode from, StoredNode to, CancellationToken limit, CancellationToken cancel)
    {
        try
        {
            return await WalkAsync(from, to, limit);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "";
        }
    }

    private async Task<string> WalkAsync(StoredNode from, StoredNode to, CancellationToken limit)
    {
        var walk = new WayWalk(from.Id, new WayEnd(to.HostName, [to.Id], IsBehind: false), NameOf);
        while (walk.Asks is { } id)
        {
            try
            {
                walk.Take(await AskAsync(id, from, to, limit));
            }
            catch (RefusalException e)
            {
                walk.Unanswered(e.Message);
            }
        }
        return $"{from.HostName} to {to.HostName}: {(walk.Arrives ? $"routes lead there by {string.Join(", ", walk.Steps.Select(step => step.Name))}; packets are lost between these." : walk.Ends)}";
    }

    /// <exception cref="RefusalException">It cannot be asked, gives no answer, or gave none before.</exception>
    private async Task<WayStep> AskAsync(uint id, StoredNode from, StoredNode to, CancellationToken limit)
    {
        if (_silent.ContainsKey(id))
            throw Silent();
        using var each = new CancellationTokenSource(Each, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(each.Token, limit);
        try
        {
            return await asker.StepAsync(id, NameOf(id)!, to.Address6, from.Address6, either.Token);
        }
        catch (OperationCanceledException) when (each.IsCancellationRequested && !limit.IsCancellationRequested)
        {
            _silent[id] = true;
            throw Silent();
        }

        static RefusalException Silent() => new(RefusalReason.Unanswered, string.Create(CultureInfo.InvariantCulture, $"It gave no answer within {Each.TotalSeconds:0} s."));
    }

    private string? NameOf(uint id) => mesh.Member(id)?.Record.HostName;
}
