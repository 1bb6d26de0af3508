using Meshover.Routing.Config;

namespace Meshover.Agent.Reconciling;

/// <summary>The operator's templates for FRR, read again only after somebody said that they changed.</summary>
/// <param name="directory">Absolute; null: the built-in ones.</param>
internal sealed class TemplateFiles(string? directory)
{
    private readonly Lock _gate = new();
    private FrrTemplateSet? _read = directory is null ? FrrTemplateSet.Embedded : null;

    public string? Directory => directory;

    /// <summary>The same object until they are read again.</summary>
    /// <exception cref="FrrTemplateException">One cannot be used.</exception>
    public FrrTemplateSet Current
    {
        get
        {
            lock (_gate)
                return _read ??= FrrTemplateSet.Load(directory);
        }
    }

    /// <summary>They are read again when they are needed.</summary>
    public void Forget()
    {
        lock (_gate)
            _read = directory is null ? _read : null;
    }
}
