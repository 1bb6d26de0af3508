using Meshover.Console.UseCases;

namespace Meshover.Console.Live;

/// <summary>What nodes say of themselves, by hostname.</summary>
public sealed class NodeAnswers(IMeshPort port, TimeProvider time) : SharedAnswers<NodeReport>((node, cancel) => port.AskNodeAsync(node, cancel), time, Most)
{
    /// <summary>Nodes that are asked at a time.</summary>
    public const int Most = 16;
}
