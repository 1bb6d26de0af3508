using System.Collections.Immutable;

namespace Meshover.Agent.Configuration;

/// <summary>Settings that cannot be used. Carries every error found, one sentence each, so that one run shows them all.</summary>
public sealed class ConfigurationException(ImmutableArray<string> errors) : Exception(string.Join(Environment.NewLine, errors))
{
    /// <summary>Each names the place (file and line, or flag), what is wrong and what to write instead.</summary>
    public ImmutableArray<string> Errors { get; } = errors;
}
