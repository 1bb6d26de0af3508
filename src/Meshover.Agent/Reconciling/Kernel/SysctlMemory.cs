using Meshover.Linux.Sysctl;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Remembers on disk what sysctls were before we changed them, so that <c>down</c> can put them back, also after a crash. What somebody
/// else has set since is theirs and is left alone. Remembering keeps nothing from being done: where the disk refuses, it is tried again
/// with each pass (<see cref="Retry"/>), and said meanwhile.
/// </summary>
internal sealed class SysctlMemory(string file, ISysctls sysctls, string life = "")
{
    /// <summary>Forwarding turns it over.</summary>
    internal const string Redirects4 = "net.ipv4.conf.all.accept_redirects";

    private readonly SysctlMemoryFile _file = new(file, life);
    private List<SysctlEntry> _unsaved = [];
    private bool _isUnreadable;
    private List<SysctlEntry> _seen = [];
    private string? _damage;

    /// <summary>What keeps it from being written down; null: nothing.</summary>
    internal string? Problem { get; private set; }

    /// <summary>The one of a node.</summary>
    /// <param name="stateDirectory">Where it is kept.</param>
    /// <param name="sysctls">Those of the node's network namespace.</param>
    /// <param name="namespacePath">That namespace; null for the process's own.</param>
    internal static SysctlMemory In(string stateDirectory, ISysctls sysctls, string? namespacePath = null) =>
        new(Path.Combine(stateDirectory, "sysctls.json"), sysctls, SysctlMemoryFile.LifeOf(namespacePath));

    /// <summary>Changes one sysctl, having written down what it was. Nothing happens where it has the value already.</summary>
    /// <param name="key">Dotted key.</param>
    /// <param name="value">The new value.</param>
    /// <param name="links">All links of the namespace: some keys change those of every link.</param>
    /// <param name="beside">See <see cref="SysctlEntry"/>.</param>
    /// <exception cref="SysctlException">The kernel refused.</exception>
    internal void Change(string key, string value, IEnumerable<string> links, IReadOnlyList<string>? beside = null)
    {
        var before = sysctls.TryRead(key) ?? throw new SysctlException("write", key, "this kernel does not have it");
        if (before == value)
            return;
        Remember(key, before, value, links, beside);
        sysctls.Write(key, value);
    }

    /// <summary>
    /// Does what changes a sysctl by the way, and puts it back. What it was is written down before, for who is killed between; and it stays
    /// written down where it cannot be put back, as in a container whose /proc/sys is read-only. Neither keeps it from being done.
    /// </summary>
    /// <param name="key">Dotted key. One that this kernel has not is left alone.</param>
    /// <param name="value">What it is made.</param>
    /// <param name="change">What makes it so.</param>
    internal void KeepDuring(string key, string value, Action change)
    {
        var before = sysctls.TryRead(key);
        if (before is not null && before != value)
            Remember(key, before, value, links: [], beside: null);
        change();
        try
        {
            if (before is not null && sysctls.TryRead(key) != before)
                sysctls.Write(key, before);
            Restore([], only: key);
        }
        catch (SysctlException)
        {
            // It stays written down.
        }
    }

    /// <summary>What we changed in this life of the kernel.</summary>
    internal IReadOnlyList<SysctlEntry> Entries => Load();

    /// <summary>We made it what it is, in this life of the kernel.</summary>
    internal bool IsOurs(string key) =>
        Load().Find(entry => entry.Key == key && entry.Before != entry.Set) is { } ours && sysctls.TryRead(key) == ours.Set;

    /// <summary>What was found wrong with the file since this was asked last; null: nothing.</summary>
    internal string? TakeDamage() => Interlocked.Exchange(ref _damage, null);

    /// <summary>Writes down what could not be until now.</summary>
    internal void Retry()
    {
        if (_unsaved.Count > 0)
            TrySave(Load());
    }

    /// <summary>
    /// Puts everything back, last change first, and forgets it, except what could not be put back: the next one may. Gives the
    /// changes, and collects the errors.
    /// </summary>
    /// <param name="errors">Takes what the kernel refused.</param>
    /// <param name="only">This key alone; null for all.</param>
    /// <param name="isTheirs">What somebody else relies on by now: it is left as it is, and forgotten.</param>
    internal List<string> Restore(List<string> errors, string? only = null, Func<SysctlEntry, bool>? isTheirs = null)
    {
        var changes = new List<string>();
        var entries = Load();
        var kept = entries.Where(entry => only is not null && entry.Key != only).ToList();
        var failed = new List<SysctlEntry>();
        // Decided before the first write: putting back "all" changes the others, too.
        var ours = entries.Except(kept).Where(entry => isTheirs?.Invoke(entry) is not true && IsStillOurs(entry, errors, failed)).Reverse().ToList();
        foreach (var entry in ours)
        {
            try
            {
                sysctls.Write(entry.Key, entry.Before);
                changes.Add($"sysctl {entry.Key} = {entry.Before}");
            }
            catch (SysctlException error)
            {
                errors.Add(error.Message);
                failed.Insert(0, entry);
            }
        }

        kept.AddRange(failed);
        // What is left in a file that cannot be written is not ours any more by its values, so no later `down` believes it.
        if (kept.Count != entries.Count || entries.Count == 0)
            TrySave(kept);
        return changes;
    }

    private void Remember(string key, string before, string value, IEnumerable<string> links, IReadOnlyList<string>? beside)
    {
        var known = Load();
        // Links come and go, such as those of containers: what is gone is not to be put back.
        var entries = known.FindAll(entry => sysctls.TryRead(entry.Key) is not null);
        // Changed by us once more: what it was at first is what comes back.
        var original = entries.Find(entry => entry.Key == key && entry.Set == before)?.Before ?? before;
        foreach (var entry in SideEffects(key, value, links).Append(new SysctlEntry(key, original, value, beside)))
        {
            entries.RemoveAll(one => one.Key == entry.Key);
            entries.Add(entry);
        }

        if (!entries.SequenceEqual(known))
            TrySave(entries);
    }

    private bool IsStillOurs(SysctlEntry entry, List<string> errors, List<SysctlEntry> failed)
    {
        try
        {
            return sysctls.TryRead(entry.Key) == entry.Set;
        }
        catch (SysctlException error)
        {
            errors.Add(error.Message);
            failed.Add(entry);
            return false;
        }
    }

    // Forwarding of "all" is written into every link, so put back it would clear those that forwarded before; and of IPv4 it turns
    // accept_redirects of "all" over, too (devinet.c, inet_forward_change).
    private IEnumerable<SysctlEntry> SideEffects(string key, string value, IEnumerable<string> links)
    {
        if (key is not (SysctlDiff.Forwarding4 or SysctlDiff.Forwarding6))
            yield break;
        var family = key == SysctlDiff.Forwarding4 ? "ipv4" : "ipv6";
        foreach (var link in links.Append("default"))
        {
            var own = SysctlFile.InterfaceKey(family, link, "forwarding");
            if (sysctls.TryRead(own) == value)
                yield return new SysctlEntry(own, value, value);
        }

        if (key == SysctlDiff.Forwarding4 && sysctls.TryRead(Redirects4) is { } before)
            yield return new SysctlEntry(Redirects4, before, "0");
    }

    private List<SysctlEntry> Load()
    {
        try
        {
            var entries = _file.Load(out var damage);
            _damage ??= damage;
            _isUnreadable = false;
            if (damage is null)
                _seen = entries;
            else if ((entries = _seen).Count > 0)
                TrySave(entries); // else nothing better than what is damaged, and that stays
            return [.. entries.Where(entry => !_unsaved.Exists(newer => newer.Key == entry.Key)), .. _unsaved];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _isUnreadable = true;
            Problem = Unwritten(error);
            return [.. _unsaved];
        }
    }

    // What could not be read just now is not overwritten: what is newer waits beside it.
    private void TrySave(List<SysctlEntry> entries)
    {
        if (_isUnreadable)
        {
            _unsaved = entries;
            return;
        }
        try
        {
            _file.Save(entries);
            (_seen, _unsaved, Problem) = (entries, [], null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            (_unsaved, Problem) = (entries, Unwritten(error));
        }
    }

    private string Unwritten(Exception error) =>
        $"The former values of sysctls cannot be saved in {file}, so `meshover down` would leave them as they are: {error.Message}";
}
