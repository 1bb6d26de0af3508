namespace Meshover.Controller.Configuration;

/// <summary>A configuration that cannot be used; nothing was changed.</summary>
/// <param name="violations">One sentence each: what, why, and what to do.</param>
internal sealed class ConfigException(params IReadOnlyList<string> violations) : Exception(string.Join(Environment.NewLine, violations))
{
    public IReadOnlyList<string> Violations { get; } = violations;
}
