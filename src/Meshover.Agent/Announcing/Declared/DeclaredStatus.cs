using System.Net;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>How one declared announcement stands; for people.</summary>
internal sealed record DeclaredStatus(DeclaredAnnouncement Of, string By)
{
    public IPNetwork Prefix => Of.Prefix;

    /// <summary>Null: it is not told, or whoever else tells it makes no difference.</summary>
    public FailoverRole? Role { get; init; }
    public bool IsAnnounced { get; init; }

    /// <summary>Why it is not announced, or what is to be said beside; else empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Its check fails, by the verdict.</summary>
    public bool IsFailing { get; init; }

    /// <summary>It had lapsed a short while ago, as this agent was dead or stood still.</summary>
    public bool HasLapsed { get; init; }

    /// <summary>By the wall clock; null: it stays.</summary>
    public DateTimeOffset? Expires { get; init; }
}
