namespace Meshover.Agent.Configuration;

/// <summary>
/// Whether the settings could still be used, whenever their file changes: it is told before the next start, which would fail by it. Nothing of them is taken; that is
/// <see cref="ConfigReload"/>'s. A look at a file that did not change is one call of the kernel's.
/// </summary>
internal sealed class SettingsWatch
{
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

    /// <summary>All that is wrong, in one line.</summary>
    public static string Problem(ConfigurationException e) => string.Join(' ', e.Errors);

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
    }

    private (DateTime Written, long Length) Stamp() => _file is not null && new FileInfo(_file) is { Exists: true } info ? (info.LastWriteTimeUtc, info.Length) : default;
}
