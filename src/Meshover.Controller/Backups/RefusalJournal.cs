using System.Text;
using System.Text.Json;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Controller.Stores.Sqlite;

namespace Meshover.Controller.Backups;

/// <summary>
/// The decisions of <see cref="Decisions"/> in a file beside the store, so that a restore knows them when the store is past reading. One
/// JSON object a line, the last of a key holds; written whole at each start, appended to and synced before a removal is answered.
/// </summary>
internal sealed partial class RefusalJournal(string path, ILogger<RefusalJournal> log) : IJournal, IDisposable
{
    private FileStream? _file;
    private byte[] _unwritten = [];

    /// <inheritdoc/>
    public void Begin(MeshState state)
    {
        try
        {
            Write(path, state);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogFailed(log, path, e.Message);
        }
    }

    /// <inheritdoc/>
    public void Note(MeshState before, MeshState after, IReadOnlyList<StoreChange> changes)
    {
        var decisions = changes.Where(change => Decisions.IsOne(before.Get<object>(change.Key)) || Decisions.IsOne(after.Get<object>(change.Key)));
        byte[] lines = [.. _unwritten, .. decisions.SelectMany(LineOf)];
        if (lines.Length == 0)
            return;
        try
        {
            _file ??= DurableFile.Append(path);
            _file.Write(lines);
            _file.Flush(flushToDisk: true);
            _unwritten = [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The store has it; so the removal holds. What was written in part ends with this line.
            _unwritten = [(byte)'\n', .. lines];
            LogFailed(log, path, e.Message);
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>Writes the file anew.</summary>
    public static void Write(string path, MeshState state) => DurableFile.Write(path,
        [.. state.Records.Where(entry => Decisions.IsOne(entry.Record)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .SelectMany(entry => LineOf(new StoreChange(state.ModifiedOf(entry.Key), entry.Key, RecordJson.Write(entry.Record))))]);

    /// <summary>A state that holds the file's decisions and nothing else, and how many of its lines cannot be understood.</summary>
    public static (MeshState State, int Damaged) Read(string path)
    {
        var changes = new List<StoreChange>();
        var damaged = 0;
        foreach (var line in File.ReadLines(path).Where(line => line.Length > 0))
        {
            try
            {
                var change = ChangeOf(line, changes.Count + 1);
                _ = change.Value is { } value ? RecordJson.Read(change.Key, value.Span) : null;
                changes.Add(change);
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                damaged++;
            }
        }
        return (MeshState.Empty.Apply(changes, changes.Count), damaged);
    }

    private static byte[] LineOf(StoreChange change)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("key", change.Key);
            if (change.Value is { } value)
            {
                json.WritePropertyName("record");
                json.WriteRawValue(value.Span);
            }
            json.WriteEndObject();
        }
        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static StoreChange ChangeOf(string line, long revision)
    {
        using var json = JsonDocument.Parse(line);
        var key = json.RootElement.GetProperty("key").GetString() ?? throw new JsonException("A key is missing.");
        return new StoreChange(revision, key,
            json.RootElement.TryGetProperty("record", out var record) ? Encoding.UTF8.GetBytes(record.GetRawText()) : null);
    }

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{File} could not be written ({Reason}): if the store were lost now, a restore would not know of all removals. The next one tries again")]
    private static partial void LogFailed(ILogger logger, string file, string reason);
}
