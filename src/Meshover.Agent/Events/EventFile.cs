using System.Text;
using System.Text.Json;
using Meshover.Mesh.Events;

namespace Meshover.Agent.Events;

/// <summary>
/// Events as lines of JSON: <c>events.jsonl</c>, and <c>events.1.jsonl</c> before it. A line that was torn by a crash is skipped, and the next begins on a line
/// of its own. The file of now becomes the former when it is full or half as old as may be, and the former goes then: so there are never more than twice as
/// many, and older ones only where nothing happened for long. A clock that jumps costs none: age counts from the jump on.
/// </summary>
/// <param name="directory">Of the node's state.</param>
public sealed class EventFile(string directory)
{
    internal const int MostRows = 4096;
    internal const int MostBytes = 1 << 20;
    internal static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private long _next;
    private int _rows;

    /// <summary>From when on the age of the present file counts, and the newest event's time; null: it has none.</summary>
    private (DateTimeOffset Since, DateTimeOffset Last)? _age;

    public string Present { get; } = Path.Combine(directory, "events.jsonl");

    public string Former { get; } = Path.Combine(directory, "events.1.jsonl");

    /// <summary>Writes one more, under the next number.</summary>
    /// <exception cref="IOException">It cannot be written; nothing of it counts.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public void Append(MeshEvent change)
    {
        ArgumentNullException.ThrowIfNull(change);
        if (_next == 0)
            Begin();
        Turn(change.Time);
        var numbered = change with { Number = _next };
        using var file = Open();
        // What a crash, or a disk that was full, left of a line.
        var lead = file.Length > 0 && !EndsLine(file) ? "\n" : "";
        file.Seek(0, SeekOrigin.End);
        file.Write(Encoding.UTF8.GetBytes($"{lead}{ToLine(numbered)}\n"));
        (_next, _rows, _age) = (_next + 1, _rows + 1, Aged(_age, change.Time));
    }

    /// <summary>An event as a line of the file, without its end.</summary>
    public static string ToLine(MeshEvent change) => JsonSerializer.Serialize(change, EventJson.Default.MeshEvent);

    /// <summary>Another one as soon as something was written.</summary>
    public (long Length, DateTime Written) Stamp => new FileInfo(Present) is { Exists: true } file ? (file.Length, file.LastWriteTimeUtc) : default;

    /// <summary>All that there are, the oldest first. While the file is turned one may be missed.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public IEnumerable<MeshEvent> Read() => ReadFile(Former).Concat(ReadFile(Present));

    /// <summary>Takes both away, as far as they are there.</summary>
    public void Delete()
    {
        foreach (var file in (string[])[Present, Former])
        {
            if (File.Exists(file))
                File.Delete(file);
        }
    }

    private FileStream Open() => new(Present, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        UnixCreateMode = Private,
        BufferSize = 0,
    });

    private void Begin()
    {
        var present = ReadFile(Present).ToList();
        _rows = present.Count;
        foreach (var change in present)
            _age = Aged(_age, change.Time);
        _next = (present.Count > 0 ? present[^1].Number : ReadFile(Former).LastOrDefault()?.Number ?? 0) + 1;
    }

    private void Turn(DateTimeOffset now)
    {
        if (!File.Exists(Present))
        {
            (_rows, _age) = (0, null);
            return;
        }
        var isFull = _rows >= MostRows || new FileInfo(Present).Length >= MostBytes;
        if (!isFull && !(Aged(_age, now) is var (since, _) && now - since > KeptFor / 2))
            return;
        File.Move(Present, Former, overwrite: true);
        (_rows, _age) = (0, null);
    }

    /// <summary>A clock that was set back, or on by more than is kept, says nothing of how old the events are.</summary>
    private static (DateTimeOffset Since, DateTimeOffset Last) Aged((DateTimeOffset Since, DateTimeOffset Last)? age, DateTimeOffset now) =>
        age is { } known && now >= known.Last && now - known.Last <= KeptFor ? (known.Since, now) : (now, now);

    private static bool EndsLine(FileStream file)
    {
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    private static IEnumerable<MeshEvent> ReadFile(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            yield break;
        }
        using var reader = new StreamReader(file, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (TryParse(line) is { } change)
                yield return change;
        }
    }

    private static MeshEvent? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, EventJson.Default.MeshEvent);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
