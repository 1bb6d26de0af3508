using System.Collections.Immutable;
using Meshover.Console.UseCases;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Console.Past;
using Meshover.Controller.Console.Ways;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using GrantWish = Meshover.Controller.Administration.GrantWish;

namespace Meshover.Controller.Console;

/// <summary>The console: a face of <see cref="Administration"/>, as the gRPC one is.</summary>
internal sealed class MeshPort(
    MeshDirectory directory, LiveNodes live, MeshPicture picture, Tokens tokens, Nodes nodes, NodeQueries queries, Grants grants, AuditLog audit, MeshEvents events, SeriesBook series, MomentFile moments) : IMeshPort
{
    private const int EventPage = 500, MostAround = 200;
    private readonly NodeAsker _asker = new(queries);

    public MeshView Look() => picture.Look();

    public Task<NodeReport> AskNodeAsync(string node, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var status = await _asker.AskAsync(node, new NodeQuestion { Status = new StatusQuestion() }, cancel);
        var peers = await _asker.AskAsync(node, new NodeQuestion { Peers = new PeersQuestion() }, cancel);
        return ReportMapping.ToReport(status.Status, peers.Peers);
    });

    public Task<Page<EventRow>> EventsAsync(string node, string below, int limit, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var page = await events.ListAsync(new EventQuery(limit, node, DateTimeOffset.UnixEpoch, below), cancel);
        return new Page<EventRow>([.. page.Events.Select(view => ToRow(view))], page.Next);
    });

    public Task<Page<AuditRow>> AuditAsync(string node, string below, int limit, CancellationToken cancel) => AnswerAsync(async () =>
    {
        _ = long.TryParse(below, out var number);
        var page = await audit.ListAsync(new AuditQuery(limit, node, number), cancel);
        return new Page<AuditRow>([.. page.Records.Select(ToRow)], page.Next == 0 ? "" : $"{page.Next}");
    });

    public Task<ImmutableArray<TokenRow>> TokensAsync(CancellationToken cancel) => AnswerNowAsync<ImmutableArray<TokenRow>>(() => [.. tokens.List().Reverse().Select(token => new TokenRow(
        token.Id, DateTimeOffset.FromUnixTimeSeconds(token.Created), DateTimeOffset.FromUnixTimeSeconds(token.Expires), token.Uses == TokenRecord.Unlimited ? null : token.Uses, token.Used,
        token.Tags, [.. token.Grants.Select(ToRow)], token.Replace, token.Revoked) { HostNames = token.HostNames })]);

    public Task<CreatedJoin> CreateTokenAsync(Doer by, JoinWish wish, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var asked = new TokenWish((long)wish.Lifetime.TotalSeconds, wish.Uses ?? TokenRecord.Unlimited, wish.Tags, [.. wish.Grants.Select(ToWish)], wish.Replace) { HostNames = wish.HostNames };
        var token = await tokens.CreateAsync(ActorOf(by), Reason.Of(by.Reason), asked, cancel);
        return new CreatedJoin(token.Id, token.Join.ToString(), DateTimeOffset.FromUnixTimeSeconds(token.Expires));
    });

    public Task RevokeTokenAsync(Doer by, string id, CancellationToken cancel) => DoAsync(() => tokens.RevokeAsync(ActorOf(by), Reason.Of(by.Reason), id, cancel));

    public Task<GrantPreview> PreviewAddAsync(string node, GrantRow wish, CancellationToken cancel) => AnswerNowAsync(() => GrantPreviews.OfAdding(directory.State, live.State, node, ToWish(wish)));

    public Task<GrantPreview> PreviewRemoveAsync(string node, string prefix, CancellationToken cancel) => AnswerNowAsync(() => GrantPreviews.OfRemoving(directory.State, live.State, node, prefix));

    public Task AddGrantAsync(Doer by, string node, GrantRow wish, CancellationToken cancel) =>
        DoAsync(() => grants.AddAsync(ActorOf(by), Reason.Of(by.Reason), node, ToWish(wish), cancel));

    public Task RemoveGrantAsync(Doer by, string node, string prefix, CancellationToken cancel) =>
        DoAsync(() => grants.RemoveAsync(ActorOf(by), Reason.Of(by.Reason), node, prefix, cancel));

    public Task RemoveNodeAsync(Doer by, string node, CancellationToken cancel) => DoAsync(() => nodes.RemoveAsync(ActorOf(by), Reason.Of(by.Reason), node, cancel));

    public Task AllowNodeAsync(Doer by, string node, CancellationToken cancel) => DoAsync(() => nodes.AllowAsync(ActorOf(by), Reason.Of(by.Reason), node, cancel));

    public Task RenameNodeAsync(Doer by, string node, string name, CancellationToken cancel) => DoAsync(() => nodes.RenameAsync(ActorOf(by), Reason.Of(by.Reason), node, name, cancel));

    public Task TagNodeAsync(Doer by, string node, ImmutableArray<string> tags, CancellationToken cancel) => DoAsync(() => nodes.TagAsync(ActorOf(by), Reason.Of(by.Reason), node, tags, cancel));

    public Task DrainNodeAsync(Doer by, string node, bool on, CancellationToken cancel) => AnswerAsync(() =>
        OrderAsync(by, on ? Operation.DrainNode : Operation.UndrainNode, on ? "drain" : "undrain", node, new NodeQuestion { Drain = new DrainOrder { On = on } }, cancel));

    public Task<AnnouncementPreview> PreviewAnnounceAsync(string node, AnnouncementWish wish, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var asked = ToWish(wish).Checked();
        queries.CheckCan(node, AdminMapping.ToQuestion(new NodeQuestion { Announce = new AnnounceOrder() }));
        return AnnouncementPreviews.OfAdding(directory.State, live.State, node, asked, await StatusAsync(node, cancel));
    });

    public Task<AnnouncementPreview> PreviewWithdrawAsync(string node, string prefix, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var held = AnnounceWish.Canonical(prefix);
        queries.CheckCan(node, AdminMapping.ToQuestion(new NodeQuestion { Withdraw = new WithdrawOrder() }));
        return AnnouncementPreviews.OfRemoving(directory.State, live.State, node, held, await StatusAsync(node, cancel));
    });

    public Task<AnnouncementOutcome> AnnounceAsync(Doer by, string node, AnnouncementWish wish, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var asked = ToWish(wish).Checked();
        var order = new AnnounceOrder { Prefix = asked.Prefix, Mode = asked.Mode, Priority = (uint)asked.Priority, Routed = asked.Routed, LifetimeSeconds = asked.LifetimeSeconds };
        var came = (await OrderAsync(by, Operation.AnnounceAtNode, asked.Words, node, new NodeQuestion { Announce = order }, cancel)).Announce;
        return new AnnouncementOutcome(came.Announced, came.Role, came.Reason);
    });

    public Task WithdrawAsync(Doer by, string node, string prefix, CancellationToken cancel) => AnswerAsync(() =>
    {
        var held = AnnounceWish.Canonical(prefix);
        return OrderAsync(by, Operation.WithdrawAtNode, $"withdraw {held}", node, new NodeQuestion { Withdraw = new WithdrawOrder { Prefix = held } }, cancel);
    });

    public Task<RouteReport> FindRouteAsync(string prefix, CancellationToken cancel) => AnswerNowAsync(() => RouteFinder.Find(directory.State, live.State, live.Clock.Now, prefix));

    public Task<RouteTaker> AskRouteAsync(string node, string prefix, CancellationToken cancel) =>
        AnswerAsync(() => RouteFinder.AskAsync(directory.State, live.State, live.Clock.Now, _asker, node, prefix, cancel));

    public Task<PathReport> FindPathAsync(PathWish wish, CancellationToken cancel) => AnswerAsync(() => new PathFinder(directory.State, live.State, _asker).FindAsync(wish, cancel));

    public Task<NodeSeries?> SeriesAsync(string node, CancellationToken cancel) =>
        AnswerNowAsync(() => directory.State.MemberByHostName(node) is { } member ? series.Of(member.Record.Id) : null);

    public Task<PastSpan> PastAsync(CancellationToken cancel) => AnswerAsync(() => moments.SpanAsync(cancel));

    public Task<PastMoment?> MomentAsync(DateTimeOffset at, CancellationToken cancel) => AnswerAsync(async () =>
    {
        if (await moments.ReadAsync(at, cancel) is not { } kept)
            return null;
        var (around, areMore) = await AroundAsync(kept.At, cancel);
        return new PastMoment(kept.At, kept.View, around, areMore) { Taken = kept.Taken };
    });

    private async Task<NodeAnswer> OrderAsync(Doer by, Operation operation, string words, string node, NodeQuestion order, CancellationToken cancel)
    {
        var answer = await queries.OrderAsync(ActorOf(by), Reason.Of(by.Reason), operation, words, node, AdminMapping.ToQuestion(order), cancel);
        return AdminMapping.ToAnswer(answer.Span, order);
    }

    private async Task<AgentStatus> StatusAsync(string node, CancellationToken cancel) =>
        (await _asker.AskAsync(node, new NodeQuestion { Status = new StatusQuestion() }, cancel)).Status;

    private async Task<(ImmutableArray<EventRow> Rows, bool AreMore)> AroundAsync(DateTimeOffset at, CancellationToken cancel)
    {
        var rows = ImmutableArray.CreateBuilder<EventRow>();
        var until = at + PastMoment.Near;
        var below = await events.PlaceBehindAsync(until, cancel);
        do
        {
            var page = await events.ListAsync(new EventQuery(EventPage, "", at - PastMoment.Near, below), cancel);
            foreach (var view in page.Events.Where(view => view.Event.Time <= until))
            {
                if (rows.Count == MostAround)
                    return (rows.ToImmutable(), true);
                rows.Add(ToRow(view));
            }
            below = page.Next;
        }
        while (below.Length > 0);
        return (rows.ToImmutable(), false);
    }

    internal static GrantRow ToRow(StoredGrant grant) => new(grant.Prefix, grant.MaxLength, grant.Pin, grant.Gather, grant.Name ?? "");

    private static Actor ActorOf(Doer by) => Actor.Console(by.Name, by.From);

    // What has no length of its own is its prefix's.
    private static GrantWish ToWish(GrantRow grant) => new(grant.Prefix, (uint)Math.Max(0, grant.MaxLength), grant.Pin, grant.Gather, grant.Name);

    private static AnnounceWish ToWish(AnnouncementWish wish) => new(wish.Prefix.Trim(), wish.Mode, wish.Priority ?? 0, wish.IsRouted, (long)(wish.Lifetime?.TotalSeconds ?? 0));

    private static EventRow ToRow(EventView view) => new(
        view.Id, view.Event.Time, view.Event.Kind, view.Event.Node, view.Event.Subject, view.Event.Code, view.Event.From, view.Event.To, view.Event.Actor, view.Event.Text);

    private static AuditRow ToRow(AuditView view) => new(
        view.Revision, DateTimeOffset.FromUnixTimeSeconds(view.Record.Time), view.Record.Actor, view.Record.Operation, view.Record.Object, view.Record.Reason, view.Record.Before, view.Record.After);

    private static Task<bool> DoAsync(Func<Task> action) => AnswerAsync(async () =>
    {
        await action();
        return true;
    });

    private static async Task<T> AnswerAsync<T>(Func<Task<T>> question)
    {
        try
        {
            return await question();
        }
        catch (Exception e) when (e is RefusalException or InvalidRequestException or StoreException)
        {
            throw new ConsoleRefusalException(e.Message);
        }
    }

    private static Task<T> AnswerNowAsync<T>(Func<T> question) => AnswerAsync(() => Task.FromResult(question()));
}
