using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>What callers want of the supervisor, in their order; each waits for its answer.</summary>
internal sealed class RequestQueue
{
    // Callers wait for a place when it is full: each of them waits for an answer anyway.
    private readonly Channel<Request> _requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(64) { FullMode = BoundedChannelFullMode.Wait });

    /// <param name="config">What FRR is to run; null to stop it.</param>
    /// <exception cref="RoutingException">It was refused, or the process is ending.</exception>
    public async Task<ApplyResult> AskAsync(FrrConfig? config, CancellationToken ct)
    {
        var request = new Request(config);
        try
        {
            await _requests.Writer.WriteAsync(request, ct);
        }
        catch (ChannelClosedException e)
        {
            throw Ending(e);
        }
        return await request.Done.Task.WaitAsync(ct);
    }

    /// <summary>Ends when a request waits.</summary>
    public Task WaitAsync(CancellationToken ct) => _requests.Reader.WaitToReadAsync(ct).AsTask();

    /// <summary>The next thing to do. Of several configurations that wait only the newest is done, and all who sent one get its result.</summary>
    public bool TryTake([NotNullWhen(true)] out RequestBatch? batch)
    {
        batch = null;
        if (!_requests.Reader.TryRead(out var next)) return false;
        var same = new List<Request> { next };
        while (next.Config is not null && _requests.Reader.TryPeek(out var newer) && newer.Config is not null && _requests.Reader.TryRead(out newer))
            same.Add(newer);
        batch = new RequestBatch(same);
        return true;
    }

    /// <summary>No more requests; those that wait are refused.</summary>
    public void Close()
    {
        _requests.Writer.TryComplete();
        while (TryTake(out var late)) late.Refuse(Ending(null));
    }

    public static RoutingException Ending(Exception? inner) => inner is null
        ? new RoutingException("meshover routing is stopping")
        : new RoutingException("meshover routing is stopping", inner);
}

/// <summary>One request.</summary>
internal sealed record Request(FrrConfig? Config)
{
    public TaskCompletionSource<ApplyResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Requests that are answered together.</summary>
internal sealed class RequestBatch(List<Request> requests)
{
    /// <summary>What FRR is to run; null to stop it.</summary>
    public FrrConfig? Config => requests[^1].Config;

    public void Answer(ApplyResult result)
    {
        foreach (var request in requests) request.Done.TrySetResult(result);
    }

    public void Refuse(RoutingException reason)
    {
        foreach (var request in requests) request.Done.TrySetException(reason);
    }
}
