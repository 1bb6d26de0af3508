using Meshover.Mesh.Findings;

namespace Meshover.Agent.ControllerLink;

/// <summary>No address of any controller works; the message names each with its reason.</summary>
/// <param name="kind">What is wrong with all of them, or with most.</param>
internal sealed class NoControllerException(FindingKind kind, string message) : IOException(message)
{
    public FindingKind Kind { get; } = kind;
}
