namespace Meshover.Mesh.Events;

/// <summary>Something that changed. Members that say nothing are empty.</summary>
public sealed record MeshEvent
{
    /// <summary>Counts the events of whoever keeps them, from 1 on.</summary>
    public long Number { get; init; }

    /// <summary>When it was noticed, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Of <see cref="EventKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Hostname of the node that noticed it, or that it is about.</summary>
    public string Node { get; init; } = "";

    /// <summary>What it is about: a peer, a prefix, ….</summary>
    public string Subject { get; init; } = "";

    /// <summary>The cause, of <see cref="Findings.FindingKinds"/>.</summary>
    public string Code { get; init; } = "";

    /// <summary>How it was.</summary>
    public string From { get; init; } = "";

    /// <summary>How it is.</summary>
    public string To { get; init; } = "";

    /// <summary>Who did it, where somebody did.</summary>
    public string Actor { get; init; } = "";

    /// <summary>One sentence.</summary>
    public string Text { get; init; } = "";

    /// <summary>As a line of text.</summary>
    public override string ToString()
    {
        var code = Code.Length > 0 ? $" [{Code}]" : "";
        var actor = Actor.Length > 0 ? $", by {Actor}" : "";
        var moved = (From, To) switch { ("", "") => "", ("", _) => $": {To}", (_, "") => $": was {From}", _ => $": {From} -> {To}" };
        var subject = Subject.Length > 0 ? $" {Subject}" : "";
        var text = Text.Length > 0 ? $" {Text}" : "";
        return $"{Time.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z {Node} {Kind}{subject}{moved}{actor}{code}{text}";
    }
}
