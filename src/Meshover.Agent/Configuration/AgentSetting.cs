using System.Collections.Immutable;

namespace Meshover.Agent.Configuration;

/// <summary>One setting: its name in the file and as a flag, its help, and how its text becomes part of an <see cref="AgentConfig"/>.</summary>
public sealed record AgentSetting
{
    /// <summary>The key in the file; the flag is this with two dashes.</summary>
    public required string Name { get; init; }

    /// <summary>What stands for the value in help texts, e.g. <c>CIDR</c>.</summary>
    public required string ValueName { get; init; }

    /// <summary>Effect, unit and default.</summary>
    public required string Help { get; init; }

    /// <summary>Whether it may be given several times (a list in the file).</summary>
    public bool IsList { get; init; }

    /// <summary>Each value is a mapping of YAML; as a flag it is written like <c>{key: value}</c>.</summary>
    public bool IsNested { get; init; }

    /// <summary>Puts the values into the configuration, or throws <see cref="FormatException"/> saying what to write instead.</summary>
    public required Func<AgentConfig, ImmutableArray<string>, AgentConfig> Apply { get; init; }
}
