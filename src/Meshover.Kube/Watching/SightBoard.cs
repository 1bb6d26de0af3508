using System.Collections.Immutable;
using System.Net;

namespace Meshover.Kube.Watching;

/// <summary>What is known of the node's prefixes; immutable.</summary>
/// <param name="Prefixes">All of them, each once; null: nothing is known yet, and what was told before holds.</param>
/// <param name="Words">How it stands, for `meshover status`.</param>
internal sealed record NodeSight(ImmutableArray<IPNetwork>? Prefixes, string Words);

/// <summary>The newest of what is known. Who is slower than the cluster misses what was in between, and nothing else. Any thread.</summary>
internal sealed class SightBoard
{
    private readonly Lock _lock = new();
    private NodeSight _current = new(Prefixes: null, "waiting for the API server");
    private TaskCompletionSource _next = New();

    /// <summary>What is known now, and what completes when that is another.</summary>
    public (NodeSight Current, Task Changed) Look()
    {
        lock (_lock)
            return (_current, _next.Task);
    }

    /// <summary>The cluster has said it.</summary>
    /// <returns>Whether that is something new; as of all that follow.</returns>
    public bool Saw(ImmutableArray<IPNetwork> prefixes, string words) => Put(_ => new NodeSight(prefixes, words));

    /// <summary>It cannot be seen, or not be used: what was seen last holds.</summary>
    public bool CannotSee(string words) => Put(former => former with { Words = words });

    private bool Put(Func<NodeSight, NodeSight> change)
    {
        TaskCompletionSource woken;
        lock (_lock)
        {
            var next = change(_current);
            if (next.Words == _current.Words && Same(next.Prefixes, _current.Prefixes))
                return false;
            _current = next;
            (woken, _next) = (_next, New());
        }
        woken.SetResult();
        return true;
    }

    private static bool Same(ImmutableArray<IPNetwork>? one, ImmutableArray<IPNetwork>? other) =>
        one is { } these && other is { } those ? these.SequenceEqual(those) : one is null && other is null;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
