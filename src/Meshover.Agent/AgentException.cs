namespace Meshover.Agent;

/// <summary>The agent, or enrolling, cannot go on. The message says what failed, why and what to do, in one sentence for the user.</summary>
public sealed class AgentException : Exception
{
    public AgentException(string message) : base(message) { }

    public AgentException(string message, Exception inner) : base(message, inner) { }

    /// <summary>No controller said anything: neither yes nor no.</summary>
    public bool IsUnanswered { get; init; }
}
