using System.Collections.Immutable;
using Meshover.Agent.Configuration;
using Meshover.Cli.Hosting;
using Meshover.Mesh.Trust;

namespace Meshover.Cli.Up;

/// <summary>What the command line of `up` says, understood.</summary>
internal sealed record UpRequest
{
    public required NodePaths Paths { get; init; }

    /// <summary>Null: come back as the node that this machine is.</summary>
    public required JoinString? Join { get; init; }
    public required ImmutableArray<RawSetting> Flags { get; init; }

    /// <summary>Stop the FRR of the distribution's package where it runs with its untouched configuration.</summary>
    public required bool DisableSystemFrr { get; init; }

    /// <summary>Wait until peers are up.</summary>
    public required bool Wait { get; init; }

    /// <summary>How long controllers that do not answer are tried, in all.</summary>
    public required TimeSpan Timeout { get; init; }
}
