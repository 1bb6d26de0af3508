using System.Collections.Immutable;
using System.Net;
using Meshover.Agent.Announcing.Declared.Checks;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>
/// What the operator declares, by <c>announcements</c> in the settings and by `meshover announce`: each with its check, its end, and its place among the
/// nodes that announce it (docs/decisions/080 and 081). One task for each check, one that draws the conclusions. Any thread may ask and change it.
/// </summary>
/// <param name="ask">Who announces prefixes, as bgpd knows; it may fail.</param>
/// <param name="self">This node's AS number; null: it has none yet.</param>
/// <param name="peers">Addresses of some other nodes: while BGP has a route to none of them, it has not heard of anybody.</param>
internal sealed partial class DeclaredAnnouncements(
    AnnouncementStore store, Func<IEnumerable<IPNetwork>, CancellationToken, Task<KnownPaths>> ask, Func<uint?> self, Func<ImmutableArray<IPNetwork>> peers, ILogger logger, TimeProvider time)
    : IAnnouncementSource, IDisposable
{
    public const string Name = "declared";

    /// <summary>The status of one who wants nothing.</summary>
    public const string Nothing = "nothing is declared";
    private const string BySettings = "settings", ByCommand = "command";

    /// <summary>What nobody tells of is looked at so often: two that have one prefix, and one that leaves it.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500), LookSoon = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RetryCheck = TimeSpan.FromSeconds(1);

    /// <summary>What BGP has heard of others is whole after so long.</summary>
    private static readonly TimeSpan SessionSettles = TimeSpan.FromSeconds(2);

    /// <summary>FRR that has run for so long and has heard of nobody is alone.</summary>
    private static readonly TimeSpan AloneAfter = TimeSpan.FromSeconds(20);

    /// <summary>That something had lapsed is shown for so long.</summary>
    private static readonly TimeSpan LapseShown = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPNetwork, DeclaredEntry> _entries = [];

    /// <summary>Addresses of what was dropped, and when they go.</summary>
    private readonly Dictionary<IPNetwork, TimeSpan> _parting = [];
    private readonly Pulse _changed = new();
    private readonly Pulse _stirred = new();
    private readonly CheckProbe _probe = new();
    private SourceAnnouncements _current = new(Name, Nothing) { Announcements = [] };
    private ImmutableArray<StoredAnnouncement> _stored = [];
    private string? _problem;
    private bool _isDraining;
    private bool _isSettled;
    private TimeSpan? _heardSince;
    private bool _isRunning;
    private CancellationToken _running;

    public SourceAnnouncements Current => Volatile.Read(ref _current);

    public Task Changed => _changed.Next;

    /// <summary>Something that this is about may be another in the kernel or in BGP.</summary>
    public void Stir() => _stirred.Beat();

    /// <summary>Whether a route to it concerns those that stand by. For the kernel's listener: a look into a set.</summary>
    public bool IsWatched(IPNetwork prefix) => _watched.Contains(prefix);

    private volatile HashSet<IPNetwork> _watched = [];

    /// <summary>What was there before the agent's start: what is announced stays so until checks say otherwise.</summary>
    public async Task BeginAsync(ImmutableArray<DeclaredAnnouncement> configured, bool isDraining, CancellationToken cancellationToken)
    {
        _isDraining = isDraining;
        _stored = store.Load(out _problem);
        var commanded = _stored.Select(one => (Of: TryRead(one.Text), one.Expires)).Where(one => one.Of is not null).ToList();
        var wanted = configured.Select(of => (Of: of, Expires: (DateTimeOffset?)null, By: BySettings))
            .Concat(commanded.Select(one => (Of: one.Of!, one.Expires, By: ByCommand))).DistinctBy(one => one.Of.Prefix).ToList();
        var former = (await PathsAsync(wanted.Select(one => one.Of.Prefix), cancellationToken))?.Where(path => path.IsOwn).ToList() ?? [];
        lock (_lock)
        {
            foreach (var (of, expires, by) in wanted)
                _entries[of.Prefix] = new DeclaredEntry(of, by, expires, FormerEntry.Of(former.Find(path => path.Prefix == $"{of.Prefix}")), time);
        }
        Conclude(paths: null);
    }

    /// <summary>The settings were read anew. What a command declared of the same prefix is replaced for good.</summary>
    public void Configure(ImmutableArray<DeclaredAnnouncement> configured)
    {
        lock (_lock)
        {
            var wanted = configured.ToDictionary(of => of.Prefix);
            foreach (var entry in _entries.Values.Where(entry => entry.By == BySettings && !wanted.ContainsKey(entry.Of.Prefix)).ToList())
                Drop(entry);
            foreach (var of in configured.Where(of => _entries.GetValueOrDefault(of.Prefix) is not { By: BySettings } entry || entry.Of != of))
            {
                Put(of, BySettings, expires: null);
                if (_stored.Any(one => TryRead(one.Text)?.Prefix == of.Prefix))
                    TrySave([.. Without(of.Prefix)]); // the settings have it from now on
            }
        }
        Conclude(paths: null);
        Stir();
    }

    /// <summary>Announces it from now on. It is kept over restarts before it is done.</summary>
    /// <param name="text">A mapping of YAML, as in the settings.</param>
    /// <param name="lifetime">Null: until it is withdrawn.</param>
    /// <param name="replaces">What was declared by command of the same prefix; else that is left as it is, and this refused.</param>
    /// <exception cref="AgentException">It cannot be: why.</exception>
    public void Announce(string text, TimeSpan? lifetime, bool replaces = true)
    {
        var of = AnnouncementReader.ReadOne(text);
        DateTimeOffset? expires = lifetime is { } life ? time.GetUtcNow() + life : null;
        lock (_lock)
        {
            if (_entries.GetValueOrDefault(of.Prefix) is { By: BySettings })
                throw new AgentException($"{of.Prefix} is in the settings (announcements): change it there.");
            if (!replaces && _entries.ContainsKey(of.Prefix))
                throw new AgentException($"{of.Prefix} is declared on this node already, perhaps with a check of its own: withdraw it first.");
            if (!_entries.ContainsKey(of.Prefix) && _entries.Count >= AnnouncementReader.Most)
                throw new AgentException($"A node takes at most {AnnouncementReader.Most} announcements with conditions; withdraw one (`meshover announcements` lists them).");
            Save([.. Without(of.Prefix), new StoredAnnouncement(text, expires)]);
            Put(of, ByCommand, expires);
        }
        Conclude(paths: null);
        Stir();
    }

    /// <exception cref="AgentException">It cannot be: why.</exception>
    public void Withdraw(IPNetwork prefix)
    {
        lock (_lock)
        {
            if (_entries.GetValueOrDefault(prefix) is not { } entry)
                throw new AgentException($"{prefix} is not announced by command: `meshover announcements` shows what is, and by whom.");
            if (entry.By == BySettings)
                throw new AgentException($"{prefix} is in the settings (announcements): take it out there.");
            Save([.. Without(prefix)]);
            Drop(entry);
        }
        Conclude(paths: null);
        Stir();
    }

    /// <summary>The node is to be left, or is back.</summary>
    public void Drain(bool isDraining)
    {
        lock (_lock)
            _isDraining = isDraining;
        Stir();
    }

    /// <summary>Whoever holds the lease took back what is leased.</summary>
    public void Lapsed(ImmutableArray<string> prefixes)
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values.Where(entry => prefixes.Contains($"{entry.Of.Prefix}")))
                entry.Lapsed(LapseShown);
        }
        Stir();
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            (_isRunning, _running) = (true, cancellationToken);
            foreach (var entry in _entries.Values)
                StartChecker(entry);
        }
        while (true)
        {
            var stirred = _stirred.Next;
            List<DeclaredEntry> expired;
            List<IPNetwork> failovers;
            lock (_lock)
            {
                expired = [.. _entries.Values.Where(entry => entry.IsExpired(time.GetUtcNow()))];
                failovers = [.. _entries.Values.Where(entry => entry.IsFailover).Select(entry => entry.Of.Prefix)];
            }
            Expire(expired);
            Conclude(await PathsAsync(failovers, cancellationToken));
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(stirred, Task.Delay(NextLook(), time, waiting.Token));
            await waiting.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Dispose() => _probe.Dispose();

    /// <summary>Of several that stood by, two may become active at once: that is found out soon.</summary>
    private TimeSpan NextLook()
    {
        lock (_lock)
        {
            return _entries.Count + _parting.Count == 0 ? Timeout.InfiniteTimeSpan : _entries.Values.Any(entry => entry.IsNewlyActive) ? LookSoon : LookEvery;
        }
    }

    private void Put(DeclaredAnnouncement of, string by, DateTimeOffset? expires)
    {
        var former = _entries.GetValueOrDefault(of.Prefix);
        if (former?.Of == of && former.By == by)
        {
            former.Expires = expires;
            return;
        }
        former?.Stop.Cancel();
        _parting.Remove(of.Prefix);
        var entry = _entries[of.Prefix] = new DeclaredEntry(of, by, expires, former?.AsFormer ?? FormerEntry.None, time);
        if (_isRunning)
            StartChecker(entry);
    }

    private void Drop(DeclaredEntry entry)
    {
        entry.Stop.Cancel();
        _entries.Remove(entry.Of.Prefix);
        if (entry.LingersUntil is { } until)
            _parting[entry.Of.Prefix] = until;
    }

    private void Expire(List<DeclaredEntry> expired)
    {
        foreach (var entry in expired)
        {
            LogExpired(logger, entry.Of.Prefix);
            lock (_lock)
            {
                if (_entries.GetValueOrDefault(entry.Of.Prefix) != entry)
                    continue;
                Drop(entry);
                TrySave([.. Without(entry.Of.Prefix)]);
            }
        }
    }

    /// <summary>One that has expired is not announced after a restart either: its end is written with it.</summary>
    private void TrySave(ImmutableArray<StoredAnnouncement> stored)
    {
        try
        {
            Save(stored);
        }
        catch (AgentException e)
        {
            _problem = e.Message;
        }
    }

    private void Save(ImmutableArray<StoredAnnouncement> stored)
    {
        store.Save(stored);
        _stored = stored;
    }

    // What cannot be read is kept: another release may know it.
    private IEnumerable<StoredAnnouncement> Without(IPNetwork prefix) => _stored.Where(one => TryRead(one.Text)?.Prefix != prefix);

    private void StartChecker(DeclaredEntry entry)
    {
        if (entry.Of.Check is { } check)
            _ = Task.Run(() => KeepCheckingAsync(entry, check), CancellationToken.None);
    }

    private async Task KeepCheckingAsync(DeclaredEntry entry, CheckTarget check)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(entry.Stop.Token, _running);
        while (!either.IsCancellationRequested)
        {
            try
            {
                await CheckAsync(entry, check, either.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException || !either.IsCancellationRequested)
            {
                // A defect of one check ends no other; while it says nothing, it counts as one that fails.
                LogNoCheck(logger, $"{entry.Of.Prefix}", e);
                await Task.Delay(RetryCheck, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task CheckAsync(DeclaredEntry entry, CheckTarget check, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(entry.Of.Interval, time);
        do
        {
            var failure = await _probe.AskAsync(check, entry.Of.Timeout, cancellationToken);
            lock (_lock)
                entry.Take(failure);
            Conclude(paths: null);
            Stir();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <param name="paths">Null: not known now.</param>
    private void Conclude(IReadOnlyList<AnnouncedPath>? paths)
    {
        lock (_lock)
        {
            foreach (var (prefix, _) in _parting.Where(parting => parting.Value <= time.Uptime()).ToList())
                _parting.Remove(prefix);
            _watched = [.. _entries.Values.Where(entry => entry.IsFailover).Select(entry => entry.Of.Prefix)];
            if (self() is { } asn)
            {
                foreach (var entry in _entries.Values)
                    entry.Choose(asn, paths, _isSettled, _isDraining);
            }
            var next = new SourceAnnouncements(Name, StatusLine())
            {
                Announcements =
                [
                    .. _entries.Values.OrderBy(entry => $"{entry.Of.Prefix}", StringComparer.Ordinal).Select(entry => entry.Announcement()),
                    .. _parting.Keys.OrderBy(prefix => $"{prefix}", StringComparer.Ordinal).Select(prefix => new Announcement(prefix) { IsWithdrawn = true, HoldsAddress = true }),
                ],
                Declared = [.. _entries.Values.OrderBy(entry => $"{entry.Of.Prefix}", StringComparer.Ordinal).Select(entry => entry.Status())],
            };
            if (next == Current)
                return;
            Volatile.Write(ref _current, next);
        }
        _changed.Beat();
    }

    private string StatusLine()
    {
        var line = _entries.Count switch { 0 => Nothing, 1 => "1 prefix", var count => $"{count} prefixes" };
        var failing = _entries.Values.Count(entry => entry.Status().IsFailing);
        return line + (failing > 0 ? $", {failing} withdrawn by their checks" : "") + (_problem is null ? "" : $"; {_problem}");
    }

    private async Task<IReadOnlyList<AnnouncedPath>?> PathsAsync(IEnumerable<IPNetwork> prefixes, CancellationToken cancellationToken)
    {
        if (prefixes.ToList() is not { Count: > 0 } wanted)
            return [];
        try
        {
            var others = _isSettled ? [] : peers();
            var known = await ask(wanted.Concat(others), cancellationToken);
            Settle(known, others);
            return known.Paths;
        }
        catch (RoutingException)
        {
            return null; // said elsewhere; what this node is stays as it is
        }
    }

    /// <summary>FRR that has just started does not know yet what others announce.</summary>
    private void Settle(KnownPaths known, ImmutableArray<IPNetwork> others)
    {
        var now = time.Uptime();
        var isHeard = others.Any(peer => known.Paths.Any(path => path.Origin != 0 && path.Prefix == $"{peer}"));
        if (!_isSettled)
            _heardSince = isHeard ? _heardSince ?? now : null;
        _isSettled = known.FrrRunsFor >= AloneAfter || (_isSettled && known.FrrRunsFor >= _settledAt) || now - _heardSince >= SessionSettles;
        _settledAt = _isSettled ? known.FrrRunsFor : TimeSpan.Zero;
    }

    /// <summary>How long FRR had run when it was settled last: one that has run for less is another one.</summary>
    private TimeSpan _settledAt;

    private DeclaredAnnouncement? TryRead(string text)
    {
        try
        {
            return AnnouncementReader.ReadOne(text);
        }
        catch (FormatException e)
        {
            _problem = $"what was announced by command cannot be any more: {e.Message}";
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The check of {Prefix} failed unexpectedly")]
    private static partial void LogNoCheck(ILogger logger, string prefix, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Prefix} is announced no more: its time is over")]
    private static partial void LogExpired(ILogger logger, IPNetwork prefix);
}
