using System.Collections.Immutable;
using System.Net;

namespace Meshover.Controller.Configuration;

/// <summary>The configuration, checked and read: what the running controller goes by.</summary>
internal sealed record ControllerOptions
{
    /// <summary><c>host:port</c>; empty: the machine's own.</summary>
    public required ImmutableArray<string> Addresses { get; init; }

    /// <summary>Null: all, IPv6 and IPv4.</summary>
    public required IPAddress? Listen { get; init; }
    public required int Port { get; init; }
    public required PoolOptions Pools { get; init; }
    public required TimeSpan Rest { get; init; }
    public required TimeSpan CredentialLifetime { get; init; }
    public required TimeSpan ClockSkew { get; init; }

    /// <summary>Where metrics and graph are served by plain HTTP; null: nowhere.</summary>
    public required IPEndPoint? MetricsListen { get; init; }

    /// <summary>A collector of traces; null: nothing is traced.</summary>
    public Uri? OtlpEndpoint { get; init; }
    public required string? Certificate { get; init; }
    public required string? Key { get; init; }

    /// <summary>It serves the console itself.</summary>
    public bool HasConsole { get; init; } = true;

    /// <summary>By which people may sign in to the console beside tokens; null: by none.</summary>
    public Meshover.Console.SignIn.OpenIdSettings? OpenId { get; init; }
}

/// <summary>The pools; null where the configuration says nothing.</summary>
internal sealed record PoolOptions(IPNetwork? Pool4, IPNetwork? Pool6, IPNetwork? TunnelPool, (uint First, uint Last)? Asns)
{
    /// <summary>Out of which nodes that wish for it get a prefix.</summary>
    public IPNetwork? Workload4 { get; init; }

    /// <inheritdoc cref="Workload4"/>
    public IPNetwork? Workload6 { get; init; }
}
