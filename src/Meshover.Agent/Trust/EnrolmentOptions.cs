using System.Collections.Immutable;
using System.Net;

namespace Meshover.Agent.Trust;

/// <summary>What a machine says of itself when it joins.</summary>
public sealed record EnrolmentOptions
{
    public string StateDirectory { get; init; } = "/var/lib/meshover";

    /// <summary>Normalised before it is sent.</summary>
    public required string HostName { get; init; }

    /// <summary>UDP port of WireGuard.</summary>
    public int ListenPort { get; init; } = 12912;
    public string Site { get; init; } = "";

    /// <summary>The operator's choice of underlay interfaces; empty: none.</summary>
    public ImmutableArray<string> UnderlayInterfaces { get; init; } = [];

    /// <summary>What lies behind this node, and so is no place to call it.</summary>
    public ImmutableArray<IPNetwork> Announce { get; init; } = [];

    /// <summary>The text of agent.yaml, kept in the identity; may be null.</summary>
    public string? Settings { get; init; }

    /// <summary>How long controllers that do not answer are tried.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
