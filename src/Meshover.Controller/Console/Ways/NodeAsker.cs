using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Mesh.Ways;

namespace Meshover.Controller.Console.Ways;

/// <summary>Asks nodes, in the contract's words.</summary>
internal sealed class NodeAsker(NodeQueries queries) : IWayAsker
{
    /// <exception cref="Membership.RefusalException">It cannot be asked, or gives no answer.</exception>
    public async Task<NodeAnswer> AskAsync(string node, NodeQuestion question, CancellationToken cancel)
    {
        var answer = await queries.AskAsync(node, AdminMapping.ToQuestion(question), cancel);
        return AdminMapping.ToAnswer(answer.Span, question);
    }

    /// <inheritdoc/>
    public async Task<WayStep> StepAsync(uint id, string node, string to, string from, CancellationToken cancel)
    {
        var way = (await AskAsync(node, new NodeQuestion { Way = new WayQuestion { To = to, From = from } }, cancel)).Way;
        var kind = way.Kind switch
        {
            WayAnswer.Types.Kind.Here => WayKind.Here,
            WayAnswer.Types.Kind.Link => WayKind.Link,
            WayAnswer.Types.Kind.Outside => WayKind.Outside,
            _ => WayKind.Refused,
        };
        return new WayStep(id, node, kind, way.NextNode, way.Link, way.Out, way.Gathered.StartsWith("no:", StringComparison.Ordinal) ? null : way.Gathered);
    }
}
