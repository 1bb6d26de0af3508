namespace Meshover.Agent.Configuration;

/// <summary>
/// Whether the settings could still be used, whenever their file changes: it is told before the next start, which would fail by it. Nothing of them is taken; that is
/// <see cref="ConfigReload"/>'s. A look at a file that did not change is two calls of the kernel's.
/// </summary>
internal sealed class SettingsWatch
{
    // The wrong file in its place may have hundreds.
    private const int MostErrors = 4;
    private const int MostCharacters = 1_000;

    private readonly string? _file;
    private readonly Func<AgentConfig> _read;
    private (DateTime Written, long Length) _seen;
    private (DateTime Written, long Length) _known;

    /// <param name="file">Just read; null: there is none.</param>
    /// <param name="read">Reads it, and throws <see cref="ConfigurationException"/>.</param>
    public SettingsWatch(string? file, Func<AgentConfig> read)
    {
        (_file, _read) = (file, read);
        _known = _seen = Stamp();
    }

    /// <summary>What is wrong, in one line.</summary>
    public static string Problem(ConfigurationException e)
    {
        var told = string.Join(' ', e.Errors.Take(MostErrors));
        if (told.Length > MostCharacters)
            told = $"{told[..MostCharacters]}…";
        return e.Errors.Length > MostErrors ? $"{told} And {e.Errors.Length - MostErrors} more, which `meshover up` tells." : told;
    }

    /// <returns>Why they cannot be used; empty: they can. Null: nothing is new, or somebody is still writing.</returns>
    public string? Look()
    {
        var former = _seen;
        _seen = Stamp();
        if (_seen == _known || _seen != former)
            return null;
        _known = _seen;
        try
        {
            _read();
            return "";
        }
        catch (ConfigurationException e)
        {
            return Problem(e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It is a look ahead: whatever comes of it, the agent that runs goes on.
            return $"It cannot be read: {e.Message}";
        }
    }

    /// <summary>Of the file itself where a link leads to it.</summary>
    private (DateTime Written, long Length) Stamp()
    {
        try
        {
            return _file is not null && (File.ResolveLinkTarget(_file, returnFinalTarget: true) ?? new FileInfo(_file)) is FileInfo { Exists: true } info ? (info.LastWriteTimeUtc, info.Length) : default;
        }
        catch (IOException)
        {
            return default; // taken away between the two calls, or links in a circle
        }
    }
}
