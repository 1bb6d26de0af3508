using System.Collections.Immutable;
using Meshover.Console.UseCases;

namespace Meshover.Controller.Console.Apart;

/// <summary>The port of a console that runs apart: each use case is a call of the controller, but for looking, which waits for nothing.</summary>
internal sealed class RemoteMeshPort(PortClient client, PictureKeeper keeper) : IMeshPort
{
    private static readonly TimeSpan SeenWithin = TimeSpan.FromSeconds(5);

    public MeshView Look() => keeper.Look();

    public Task<NodeReport> AskNodeAsync(string node, CancellationToken cancel) => client.AskAsync(PortCalls.AskNode, new NodeAsk(node), cancel);

    public Task<Page<EventRow>> EventsAsync(string node, string below, int limit, CancellationToken cancel) => client.AskAsync(PortCalls.Events, new PageAsk(node, below, limit), cancel);

    public Task<Page<AuditRow>> AuditAsync(string node, string below, int limit, CancellationToken cancel) => client.AskAsync(PortCalls.Audit, new PageAsk(node, below, limit), cancel);

    public Task<ImmutableArray<TokenRow>> TokensAsync(CancellationToken cancel) => client.AskAsync(PortCalls.Tokens, new NothingAsk(), cancel);

    public Task<CreatedJoin> CreateTokenAsync(Doer by, JoinWish wish, CancellationToken cancel) => OrderAsync(PortCalls.CreateToken, new JoinOrder(by, wish), cancel);

    public Task RevokeTokenAsync(Doer by, string id, CancellationToken cancel) => OrderAsync(PortCalls.RevokeToken, new SubjectOrder(by, id), cancel);

    public Task<GrantPreview> PreviewAddAsync(string node, GrantRow wish, CancellationToken cancel) => client.AskAsync(PortCalls.PreviewAdd, new GrantAsk(node, wish), cancel);

    public Task<GrantPreview> PreviewRemoveAsync(string node, string prefix, CancellationToken cancel) => client.AskAsync(PortCalls.PreviewRemove, new PrefixAsk(node, prefix), cancel);

    public Task AddGrantAsync(Doer by, string node, GrantRow wish, CancellationToken cancel) => OrderAsync(PortCalls.AddGrant, new GrantOrder(by, node, wish), cancel);

    public Task RemoveGrantAsync(Doer by, string node, string prefix, CancellationToken cancel) => OrderAsync(PortCalls.RemoveGrant, new PrefixOrder(by, node, prefix), cancel);

    public Task RemoveNodeAsync(Doer by, string node, CancellationToken cancel) => OrderAsync(PortCalls.RemoveNode, new SubjectOrder(by, node), cancel);

    public Task AllowNodeAsync(Doer by, string node, CancellationToken cancel) => OrderAsync(PortCalls.AllowNode, new SubjectOrder(by, node), cancel);

    public Task RenameNodeAsync(Doer by, string node, string name, CancellationToken cancel) => OrderAsync(PortCalls.RenameNode, new RenameOrder(by, node, name), cancel);

    public Task TagNodeAsync(Doer by, string node, ImmutableArray<string> tags, CancellationToken cancel) => OrderAsync(PortCalls.TagNode, new TagOrder(by, node, tags), cancel);

    public Task DrainNodeAsync(Doer by, string node, bool on, CancellationToken cancel) => OrderAsync(PortCalls.DrainNode, new DrainingOrder(by, node, on), cancel);

    public Task<AnnouncementPreview> PreviewAnnounceAsync(string node, AnnouncementWish wish, CancellationToken cancel) =>
        client.AskAsync(PortCalls.PreviewAnnounce, new AnnouncementAsk(node, wish), cancel);

    public Task<AnnouncementPreview> PreviewWithdrawAsync(string node, string prefix, CancellationToken cancel) =>
        client.AskAsync(PortCalls.PreviewWithdraw, new PrefixAsk(node, prefix), cancel);

    public Task<AnnouncementOutcome> AnnounceAsync(Doer by, string node, AnnouncementWish wish, CancellationToken cancel) =>
        OrderAsync(PortCalls.Announce, new AnnouncementOrder(by, node, wish), cancel);

    public Task WithdrawAsync(Doer by, string node, string prefix, CancellationToken cancel) => OrderAsync(PortCalls.Withdraw, new PrefixOrder(by, node, prefix), cancel);

    public Task<RouteReport> FindRouteAsync(string prefix, CancellationToken cancel) => client.AskAsync(PortCalls.FindRoute, new RouteAsk(prefix), cancel);

    public Task<RouteTaker> AskRouteAsync(string node, string prefix, CancellationToken cancel) => client.AskAsync(PortCalls.AskRoute, new PrefixAsk(node, prefix), cancel);

    public Task<PathReport> FindPathAsync(PathWish wish, CancellationToken cancel) => client.AskAsync(PortCalls.FindPath, wish, cancel);

    public Task<NodeSeries?> SeriesAsync(string node, CancellationToken cancel) => client.AskAsync(PortCalls.Series, new NodeAsk(node), cancel);

    public Task<PastSpan> PastAsync(CancellationToken cancel) => client.AskAsync(PortCalls.Past, new NothingAsk(), cancel);

    public Task<PastMoment?> MomentAsync(DateTimeOffset at, CancellationToken cancel) => client.AskAsync(PortCalls.Moment, new MomentAsk(at), cancel);

    // Who has changed something sees it at once, as in the controller's own console.
    private async Task<TAnswer> OrderAsync<TOrder, TAnswer>(PortCall<TOrder, TAnswer> call, TOrder order, CancellationToken cancel)
        where TOrder : IPortOrder
    {
        var answer = await client.AskAsync(call, order, cancel);
        try
        {
            // It is done, whoever has gone meanwhile.
            await keeper.RefreshAsync(CancellationToken.None).WaitAsync(SeenWithin, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // Over a slow way it is seen later.
        }
        return answer;
    }
}
