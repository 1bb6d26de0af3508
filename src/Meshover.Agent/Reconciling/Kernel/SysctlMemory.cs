using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Linux.Sysctl;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>One sysctl that we changed.</summary>
/// <param name="Key">Dotted key.</param>
/// <param name="Before">Its value before.</param>
/// <param name="Set">What we made it.</param>
internal sealed record SysctlEntry(string Key, string Before, string Set);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(List<SysctlEntry>))]
internal sealed partial class SysctlMemoryJson : JsonSerializerContext;

/// <summary>
/// Remembers on disk what sysctls were before we changed them, so that <c>down</c> can put them back, also after a crash. What somebody
/// else has set since is theirs and is left alone.
/// </summary>
internal sealed class SysctlMemory(string file, ISysctls sysctls)
{
    /// <summary>The one of a node.</summary>
    /// <param name="stateDirectory">Where it is kept.</param>
    /// <param name="sysctls">Those of the node's network namespace.</param>
    internal static SysctlMemory In(string stateDirectory, ISysctls sysctls) => new(Path.Combine(stateDirectory, "sysctls.json"), sysctls);

    /// <summary>Changes one sysctl, having written down what it was. Nothing happens where it has the value already.</summary>
    /// <param name="key">Dotted key.</param>
    /// <param name="value">The new value.</param>
    /// <param name="links">All links of the namespace: some keys change those of every link.</param>
    /// <exception cref="SysctlException">The kernel refused.</exception>
    internal void Change(string key, string value, IEnumerable<string> links)
    {
        var before = sysctls.TryRead(key) ?? throw new SysctlException("write", key, "this kernel has none");
        if (before == value)
            return;
        Remember(key, before, value, links);
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
            Try(() => Remember(key, before, value, links: []));
        change();
        Try(() =>
        {
            if (before is not null && sysctls.TryRead(key) != before)
                sysctls.Write(key, before);
            Restore([], only: key);
        });

        static void Try(Action step)
        {
            try
            {
                step();
            }
            catch (Exception error) when (error is SysctlException or IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    private void Remember(string key, string before, string value, IEnumerable<string> links)
    {
        var entries = Load();
        // Changed by us once more: what it was at first is what comes back.
        var original = entries.Find(known => known.Key == key && known.Set == before)?.Before ?? before;
        foreach (var entry in SideEffects(key, value, links).Append(new SysctlEntry(key, original, value)))
        {
            entries.RemoveAll(known => known.Key == entry.Key);
            entries.Add(entry);
        }

        Save(entries);
    }

    /// <summary>
    /// Puts everything back, last change first, and forgets it, except what could not be put back: the next one may. Gives the
    /// changes, and collects the errors.
    /// </summary>
    /// <param name="errors">Takes what the kernel refused.</param>
    /// <param name="only">This key alone; null for all.</param>
    internal List<string> Restore(List<string> errors, string? only = null)
    {
        var changes = new List<string>();
        var entries = Load();
        var kept = entries.Where(entry => only is not null && entry.Key != only).ToList();
        var failed = new List<SysctlEntry>();
        // Decided before the first write: putting back "all" changes the others, too.
        var ours = entries.Except(kept).Where(entry => IsStillOurs(entry, errors, failed)).Reverse().ToList();
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
        if (kept.Count == entries.Count)
            return changes;
        if (kept.Count > 0)
            Save(kept);
        // `down` on a machine that was never up: not even the directory is there.
        else if (File.Exists(file))
            File.Delete(file);
        return changes;
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

        const string redirects = "net.ipv4.conf.all.accept_redirects";
        if (key == SysctlDiff.Forwarding4 && sysctls.TryRead(redirects) is { } before)
            yield return new SysctlEntry(redirects, before, "0");
    }

    private List<SysctlEntry> Load()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), SysctlMemoryJson.Default.ListSysctlEntry) ?? [];
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (JsonException error)
        {
            throw new SysctlException("remember", file, $"the file is damaged ({error.Message}); remove it, sysctls changed so far are then kept by down");
        }
    }

    private void Save(List<SysctlEntry> entries) =>
        AtomicFile.Write(file, JsonSerializer.SerializeToUtf8Bytes(entries, SysctlMemoryJson.Default.ListSysctlEntry));
}
