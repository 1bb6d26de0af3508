using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Meshover.Contract.V1;

namespace Meshover.Controller.Live;

/// <summary>One open stream of a node.</summary>
internal sealed class NodeSession(uint node, string instance, string version, IPAddress? source)
{
    // What is said beside the map is rare; a stream that takes none of it loses the oldest, never the controller's memory.
    private readonly Channel<ControllerMessage> _outbox = Channel.CreateBounded<ControllerMessage>(
        new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    // One signal for all that there may be to write. It is taken by the writer alone, whoever sets it.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public uint Node { get; } = node;

    /// <summary>Made by the agent at each start.</summary>
    public string Instance { get; } = instance;
    public string Version { get; } = version;
    public IPAddress? Source { get; } = source;

    /// <summary>What its agent can do beyond the contract's first release.</summary>
    public ImmutableArray<string> Capabilities { get; init; } = [];

    /// <summary>The name that it asked for last, whoever has it; null: it asked for none.</summary>
    public string? WishedName { get; set; }

    /// <summary>Lengths of the prefixes that it wished for last; null: it wished for none.</summary>
    public ImmutableArray<int>? WishedPrefixes { get; set; }

    /// <summary>The store's revision when it was last seen whether it can have them.</summary>
    public long WishTriedAt { get; set; } = -1;

    public ChannelReader<ControllerMessage> Outbox => _outbox.Reader;

    /// <summary>What it is asked, and has not answered.</summary>
    public StreamQueries Queries { get; } = new();

    /// <summary>Done when another stream takes this one's place, with the reason.</summary>
    public Task<string> Superseded => _ended.Task;

    public void Send(ControllerMessage message)
    {
        _outbox.Writer.TryWrite(message);
        Wake();
    }

    /// <inheritdoc cref="StreamQueries.AskAsync"/>
    public Task<ReadOnlyMemory<byte>> AskAsync(Question question, TimeSpan within, TimeProvider time, CancellationToken cancel)
    {
        var answer = Queries.AskAsync(question, within, time, cancel);
        Wake();
        return answer;
    }

    /// <summary>There may be something to write: a new map, a message in the outbox, or a question.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Ends when it was woken since the last call. For one caller.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancel) => _wake.Reader.ReadAsync(cancel);

    public void Notify(Notice.Types.Kind kind, string text) =>
        Send(new ControllerMessage { Notice = new Notice { Kind = kind, Text = text } });

    public void Supersede(string why)
    {
        _ended.TrySetResult(why);
        Queries.End(why);
    }
}
