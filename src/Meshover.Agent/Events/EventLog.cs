using System.Globalization;
using System.Threading.Channels;
using Meshover.Mesh.Events;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Events;

/// <summary>
/// Keeps the node's events. Whoever tells one never waits: they are written beside, by one task. A disk that takes none is tried again, and what does not fit
/// meanwhile is counted, and told when it takes some again.
/// </summary>
internal sealed partial class EventLog(EventFile file, ILogger logger, TimeProvider time)
{
    private const int Waiting = 256;
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(5);

    private readonly Channel<MeshEvent> _waiting = Channel.CreateBounded<MeshEvent>(new BoundedChannelOptions(Waiting) { SingleReader = true });
    private MeshEvent? _held;
    private int _dropped;

    /// <summary>Of the agent that ran here before; null: none that kept events did.</summary>
    public string? FormerVersion()
    {
        try
        {
            return file.Read().LastOrDefault(change => change.Kind == EventKinds.AgentStarted.Name)?.To;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotRead(logger, e.Message);
            return null;
        }
    }

    public void Tell(IEnumerable<MeshEvent> changes)
    {
        foreach (var change in changes)
        {
            if (!_waiting.Writer.TryWrite(change))
                Interlocked.Increment(ref _dropped);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in _waiting.Reader.ReadAllAsync(cancellationToken))
                await WriteAsync(change, cancellationToken);
        }
        finally
        {
            // What was told before the end, without waiting for a disk.
            for (var change = _held; (change is not null || _waiting.Reader.TryRead(out change)) && TryWrite(change) is null; change = null)
            {
            }
        }
    }

    private async Task WriteAsync(MeshEvent change, CancellationToken cancellationToken)
    {
        var said = "";
        _held = change;
        while (TryWrite(change) is { } failure)
        {
            if (failure != said)
                LogNotKept(logger, failure);
            said = failure;
            await Task.Delay(RetryEvery, time, cancellationToken);
        }
        _held = null;
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped && TryWrite(Dropped(change, dropped)) is not null)
            Interlocked.Add(ref _dropped, dropped);
    }

    /// <returns>Why it is not written; null: it is.</returns>
    private string? TryWrite(MeshEvent change)
    {
        try
        {
            file.Append(change);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private MeshEvent Dropped(MeshEvent last, int count) => new()
    {
        Time = time.GetUtcNow(),
        Kind = EventKinds.EventsDropped.Name,
        Node = last.Node,
        Subject = count.ToString(CultureInfo.InvariantCulture),
        Text = "They could not be written.",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The events of before cannot be read: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events cannot be kept, and are tried again: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string reason);
}
