namespace Meshover.Agent.Reconciling;

/// <summary>Where the kernel reconciler works.</summary>
public sealed record KernelReconcilerOptions
{
    /// <summary>Keeps <c>sysctls.json</c>: what sysctls were before we changed them.</summary>
    public string StateDirectory { get; init; } = "/var/lib/meshover";

    /// <summary>Such as <c>/run/netns/NAME</c>; null for the process's own network namespace.</summary>
    public string? NamespacePath { get; init; }

    /// <summary>Is told where the kernel lost routes with the node's address; null: nobody is.</summary>
    public SourceRouteDebt? SourceRoutes { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
