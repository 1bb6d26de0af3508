using System.Collections.Immutable;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Contract.V1;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.LocalApi;

/// <summary>The status, for a controller that asks: what the local API says, cut to what one answer holds.</summary>
internal static class StatusQueries
{
    // The answer's own fields, and of each peer its tag and length.
    private const int AroundAll = 16;
    private const int AroundEach = 5;

    /// <summary>What a controller may ask, and order.</summary>
    public static QueryDesk Desk(StatusSource source, NodeOrders orders, ILogger logger, TimeProvider time) =>
        new(Handlers(source.GetAsync).AddRange(orders.Handlers), logger, time);

    public static ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler> Handlers(Func<CancellationToken, Task<AgentStatus>> status) =>
        ImmutableDictionary.CreateRange(new Dictionary<NodeQuestion.KindOneofCase, QueryHandler>
        {
            [NodeQuestion.KindOneofCase.Status] = async (_, _, ct) => new NodeAnswer { Status = WithoutPeers(await status(ct)) },
            [NodeQuestion.KindOneofCase.Peers] = async (question, longest, ct) =>
                new NodeAnswer { Peers = Page((await status(ct)).Peers, question.Peers.Above, longest) },
            [NodeQuestion.KindOneofCase.Way] = async (question, _, ct) => new NodeAnswer { Way = WayQueries.Answer(question.Way, await status(ct)) },
        });

    private static AgentStatus WithoutPeers(AgentStatus status)
    {
        status.Peers.Clear();
        return status;
    }

    private static PeersAnswer Page(IEnumerable<PeerStatus> peers, uint above, int longest)
    {
        var page = new PeersAnswer();
        var size = AroundAll;
        foreach (var peer in peers.Where(peer => peer.NodeId > above).OrderBy(peer => peer.NodeId))
        {
            size += AroundEach + peer.CalculateSize();
            if (size > longest)
            {
                page.More = true;
                break;
            }
            page.Peers.Add(peer);
        }
        return page;
    }
}
