using System.Text.Json;
using Meshover.Controller.Stores;
using Meshover.Mesh.Events;

namespace Meshover.Controller.State;

/// <summary>One event: <c>~events/NUMBER</c>.</summary>
internal sealed record EventRecord : StoredRecord
{
    public required DateTimeOffset Time { get; init; }
    public required string Kind { get; init; }
    public string Node { get; init; } = "";
    public string Subject { get; init; } = "";
    public string Code { get; init; } = "";
    public string From { get; init; } = "";
    public string To { get; init; } = "";
    public string Text { get; init; } = "";

    public static EventRecord Of(MeshEvent change) => new()
    {
        Time = change.Time,
        Kind = change.Kind,
        Node = change.Node,
        Subject = change.Subject,
        Code = change.Code,
        From = change.From,
        To = change.To,
        Text = change.Text,
    };

    /// <summary>Null: it cannot be read, and is passed over.</summary>
    public static EventRecord? TryRead(StoreEntry entry)
    {
        try
        {
            return RecordJson.Read(entry.Key, entry.Value.Span) as EventRecord;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public MeshEvent ToEvent(long number) => new()
    {
        Number = number,
        Time = Time,
        Kind = Kind,
        Node = Node,
        Subject = Subject,
        Code = Code,
        From = From,
        To = To,
        Text = Text,
    };
}
