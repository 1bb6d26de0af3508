using System.Globalization;
using System.Text.Json.Nodes;

namespace Meshover.UnitTests.Kube.Api;

/// <summary>A change of an object, as a watch tells it.</summary>
internal sealed record ClusterChange(long Version, string Plural, string Type, JsonObject Object)
{
    public string Name => ClusterStore.NameOf(Object);
}

/// <summary>The objects of a cluster, with the versions and the history that an API server keeps of them. Any thread.</summary>
internal sealed class ClusterStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<ClusterChange> _history = [];
    private TaskCompletionSource _changed = New();
    private long _version = 1000;
    private long _forgotten = 1000;

    public long Version
    {
        get
        {
            lock (_lock) return _version;
        }
    }

    /// <summary>Completes at the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock) return _changed.Task;
        }
    }

    public static string NameOf(JsonObject of) => of["metadata"]?["name"]?.GetValue<string>() ?? "";

    public JsonObject? Find(string plural, string name)
    {
        lock (_lock) return _objects.GetValueOrDefault($"{plural}/{name}")?.DeepClone().AsObject();
    }

    /// <summary>Makes or replaces it, with all that a server adds to what was sent.</summary>
    public JsonObject Put(string plural, JsonObject sent)
    {
        lock (_lock)
        {
            var (of, key) = (sent.DeepClone().AsObject(), $"{plural}/{NameOf(sent)}");
            var former = _objects.GetValueOrDefault(key);
            var metadata = of["metadata"]!.AsObject();
            metadata["uid"] = former?["metadata"]?["uid"]?.GetValue<string>() ?? $"{Guid.NewGuid()}";
            metadata["creationTimestamp"] = former?["metadata"]?["creationTimestamp"]?.GetValue<string>() ?? "2026-01-01T00:00:00Z";
            Tell(plural, former is null ? "ADDED" : "MODIFIED", of);
            _objects[key] = of;
            return of.DeepClone().AsObject();
        }
    }

    public JsonObject? Delete(string plural, string name)
    {
        lock (_lock)
        {
            if (!_objects.Remove($"{plural}/{name}", out var of)) return null;
            Tell(plural, "DELETED", of = of.DeepClone().AsObject());
            return of;
        }
    }

    /// <param name="name">Null: all of them.</param>
    public (IReadOnlyList<JsonObject> Items, long Version) List(string plural, string? name)
    {
        lock (_lock)
        {
            return ([.. _objects.Where(pair => pair.Key.StartsWith($"{plural}/", StringComparison.Ordinal) && (name is null || NameOf(pair.Value) == name)).Select(pair => pair.Value.DeepClone().AsObject())], _version);
        }
    }

    /// <returns>Null: too long ago.</returns>
    public IReadOnlyList<ClusterChange>? Since(string plural, string? name, long version)
    {
        lock (_lock)
        {
            return version < _forgotten ? null : [.. _history.Where(change => change.Version > version && change.Plural == plural && (name is null || change.Name == name))];
        }
    }

    /// <summary>Forgets what happened so far, as etcd does after five minutes.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            // Something else has happened meanwhile, or nobody would be behind.
            _forgotten = ++_version;
            _history.Clear();
            Wake();
        }
    }

    /// <summary>A server that was set up anew, from an older backup: versions go on from before.</summary>
    public void GoBack(long versions)
    {
        lock (_lock)
        {
            _version -= versions;
            _forgotten = Math.Min(_forgotten, _version);
            _history.Clear();
        }
    }

    private void Tell(string plural, string type, JsonObject of)
    {
        of["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        _history.Add(new ClusterChange(_version, plural, type, of.DeepClone().AsObject()));
        Wake();
    }

    private void Wake()
    {
        var woken = _changed;
        _changed = New();
        woken.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
