using Meshover.Mesh.Findings;

namespace Meshover.Routing.Supervision;

/// <summary>FRR, or the process that keeps it, refused or failed: one sentence with the reason and what to do.</summary>
public sealed class RoutingException : Exception
{
    public RoutingException(string message) : base(message) { }

    public RoutingException(string message, Exception inner) : base(message, inner) { }

    /// <summary>Null: it is known by its words alone.</summary>
    public FindingKind? Kind { get; init; }
}
