using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Meshover.Agent.Announcing.Kernel;
using Meshover.Mesh.Planning;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Announcing.Provided;

/// <summary>
/// Programs of their own that tell by the local API what is to be announced (docs/decisions/087), each a source with a line of `status`. What one told stays
/// when it ends, until it tells something else. Any thread may ask and change it.
/// </summary>
internal sealed partial class ProviderTable(ProviderFile file, ILogger logger, TimeProvider time)
{
    public const int MostProviders = 16;

    /// <summary>After what was told could not be kept.</summary>
    internal static readonly TimeSpan KeepAgainAfter = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Provider> _providers = new(StringComparer.Ordinal);
    private readonly Pulse _changed = new();
    private ImmutableArray<SourceAnnouncements> _current = [];
    private string? _notKept;

    /// <summary>One of each provider, by name.</summary>
    public ImmutableArray<SourceAnnouncements> Current
    {
        get
        {
            lock (_lock)
                return _current;
        }
    }

    /// <summary>Completes when <see cref="Current"/> is another one than at the time of asking.</summary>
    public Task Changed => _changed.Next;

    /// <summary>Before anything is told to others: what a former agent was told is announced on, until the providers are back.</summary>
    public void Restore()
    {
        lock (_lock)
        {
            var all = file.Load(out var problem);
            foreach (var known in all)
                _providers[known.Name] = new Provider(known.Prefixes, "its program has not been heard since the agent's start, and what it told stays");
            if (problem is not null)
                LogDamaged(logger, problem);
            Conclude();
        }
    }

    /// <summary>Its program is there, and tells what it wants in a moment: until then it stands as before.</summary>
    /// <returns>By which it speaks, for as long as it is there.</returns>
    /// <exception cref="AgentException">It cannot be: why.</exception>
    public ProviderVoice Join(string name)
    {
        lock (_lock)
        {
            var known = _providers.GetValueOrDefault(name);
            if (known is { IsConnected: true })
                throw new AgentException($"Another program speaks as \"{name}\" to this agent already: end one of the two.");
            if (known is null && _providers.Count >= MostProviders)
                throw new AgentException($"There are {MostProviders} providers already.");
            _providers[name] = (known ?? new Provider([], "")) with { IsConnected = true, Words = "its program has not told anything yet" };
            Conclude();
        }
        return new ProviderVoice(this, name);
    }

    /// <param name="name">Of one that has joined.</param>
    /// <param name="prefixes">All that it wants; null: as before.</param>
    /// <param name="words">How it stands.</param>
    /// <exception cref="AgentException">It takes all back, which holds now, but not over the agent's next start: why.</exception>
    internal void Tell(string name, ImmutableArray<IPNetwork>? prefixes, string words)
    {
        lock (_lock)
        {
            var former = _providers[name];
            _providers[name] = former with { Prefixes = prefixes ?? former.Prefixes, Words = words };
            // Before it is announced: an agent that starts anew must not go back behind it.
            if (_notKept is not null || (prefixes is { } told && !told.SequenceEqual(former.Prefixes)))
                Keep();
            Conclude();
            if (_notKept is { } why && prefixes is { IsEmpty: true })
                throw new AgentException($"\"{name}\" announces nothing now, and what it told before may be back with the agent's next start: {why}. Mend what keeps {file.FilePath} from being written, and tell it again.");
        }
    }

    /// <summary>Who wants nothing leaves nothing behind.</summary>
    internal void Leave(string name)
    {
        lock (_lock)
        {
            if (_providers[name].Prefixes.IsEmpty)
                _providers.Remove(name);
            else
                _providers[name] = _providers[name] with { IsConnected = false, Words = string.Create(CultureInfo.InvariantCulture, $"its program is away since {time.GetUtcNow():yyyy-MM-dd HH:mm:ss} UTC, and what it told stays") };
            Conclude();
        }
    }

    private void Keep()
    {
        try
        {
            file.Save(_providers.Where(pair => !pair.Value.Prefixes.IsEmpty).Select(pair => new KnownProvider(pair.Key, pair.Value.Prefixes)));
            _notKept = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_notKept is null)
                _ = KeepAgainAsync();
            _notKept = $"it cannot be kept for the next start of the agent ({e.Message})";
            LogNotKept(logger, e.Message);
        }
    }

    /// <summary>Until it is kept: a provider may have nothing to tell for days.</summary>
    private async Task KeepAgainAsync()
    {
        var isKept = false;
        while (!isKept)
        {
            await Task.Delay(KeepAgainAfter, time);
            lock (_lock)
            {
                if (_notKept is not null)
                    Keep();
                isKept = _notKept is null;
                Conclude();
            }
        }
    }

    private void Conclude()
    {
        ImmutableArray<SourceAnnouncements> next = [.. _providers.Select(pair => Source(pair.Key, pair.Value))];
        if (next.SequenceEqual(_current))
            return;
        _current = next;
        _changed.Beat();
    }

    private SourceAnnouncements Source(string name, Provider provider)
    {
        var found = new FoundPrefixes("no prefix");
        foreach (var prefix in provider.Prefixes)
            found.Add(new Announcement(prefix));
        foreach (var note in new[] { provider.Words, _notKept }.OfType<string>().Where(note => note.Length > 0))
            found.Note(note);
        return found.AsSource(name);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What providers told before is not all known: {Problem}")]
    private static partial void LogDamaged(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What providers told cannot be kept for the next start: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string reason);

    private sealed record Provider(ImmutableArray<IPNetwork> Prefixes, string Words)
    {
        public bool IsConnected { get; init; }
    }
}
