namespace Meshover.Linux.Processes;

/// <summary>What to start, and where.</summary>
public sealed record DetachedProcessOptions
{
    /// <summary>A path, or a name that is looked for in PATH.</summary>
    public required string FileName { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Standard output and error are appended to this file (made with mode 0640); null for /dev/null.</summary>
    public string? LogFile { get; init; }

    /// <summary>Starts in this network namespace (such as <c>/run/netns/NAME</c>); null for the caller's.</summary>
    public string? NetworkNamespacePath { get; init; }

    /// <summary>Set over the inherited environment; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    public string WorkingDirectory { get; init; } = "/";
}
