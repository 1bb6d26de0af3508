using System.Collections.Immutable;
using Meshover.Console.Live;
using Meshover.Console.SignIn;

namespace Meshover.Console.UseCases;

/// <summary>
/// The one way from a page to the mesh: each use case for somebody who signed in, who still is, and who may (<see cref="Access"/>). A page that shows a button
/// which it should not gets a refusal here.
/// </summary>
/// <param name="port">Does it.</param>
/// <param name="answers">Asks nodes for all who look.</param>
/// <param name="paths">Follows paths for them.</param>
/// <param name="routes">Asks nodes for routes for them.</param>
/// <param name="moments">Looks into the past for them.</param>
/// <param name="sessions">Knows who is signed in.</param>
public sealed class MeshConsole(IMeshPort port, NodeAnswers answers, PathAnswers paths, RouteAnswers routes, MomentAnswers moments, Sessions sessions)
{
    /// <summary>Whether they may, by their role.</summary>
    public static bool May(ConsoleUser user, UseCase useCase) => Access.May(user.Role, useCase);

    /// <param name="user">Who looks.</param>
    /// <param name="told">What all who look were told of; null: nothing was told, and the mesh is looked at now.</param>
    public MeshView Look(ConsoleUser user, MeshView? told = null)
    {
        var asked = Checked(user, UseCase.SeeMesh);
        return told ?? asked.Look();
    }

    public Task<NodeReport> AskNodeAsync(ConsoleUser user, string node, CancellationToken cancel)
    {
        _ = Checked(user, UseCase.AskNode);
        return answers.AskAsync(node, cancel);
    }

    public Task<Page<EventRow>> EventsAsync(ConsoleUser user, string node, string below, int limit, CancellationToken cancel) =>
        Checked(user, UseCase.SeeMesh).EventsAsync(node, below, limit, cancel);

    public Task<Page<AuditRow>> AuditAsync(ConsoleUser user, string node, string below, int limit, CancellationToken cancel) =>
        Checked(user, UseCase.SeeAudit).AuditAsync(node, below, limit, cancel);

    public Task<ImmutableArray<TokenRow>> TokensAsync(ConsoleUser user, CancellationToken cancel) => Checked(user, UseCase.SeeTokens).TokensAsync(cancel);

    public Task<CreatedJoin> CreateTokenAsync(ConsoleUser user, string reason, JoinWish wish, CancellationToken cancel) =>
        Checked(user, UseCase.CreateToken).CreateTokenAsync(Doer(user, reason), wish, cancel);

    public Task RevokeTokenAsync(ConsoleUser user, string reason, string id, CancellationToken cancel) =>
        Checked(user, UseCase.RevokeToken).RevokeTokenAsync(Doer(user, reason), id, cancel);

    public Task<GrantPreview> PreviewAddAsync(ConsoleUser user, string node, GrantRow wish, CancellationToken cancel) =>
        Checked(user, UseCase.AddGrant).PreviewAddAsync(node, wish, cancel);

    public Task<GrantPreview> PreviewRemoveAsync(ConsoleUser user, string node, string prefix, CancellationToken cancel) =>
        Checked(user, UseCase.RemoveGrant).PreviewRemoveAsync(node, prefix, cancel);

    public Task AddGrantAsync(ConsoleUser user, string reason, string node, GrantRow wish, CancellationToken cancel) =>
        Checked(user, UseCase.AddGrant).AddGrantAsync(Doer(user, reason), node, wish, cancel);

    public Task RemoveGrantAsync(ConsoleUser user, string reason, string node, string prefix, CancellationToken cancel) =>
        Checked(user, UseCase.RemoveGrant).RemoveGrantAsync(Doer(user, reason), node, prefix, cancel);

    public Task RemoveNodeAsync(ConsoleUser user, string reason, string node, CancellationToken cancel) =>
        Checked(user, UseCase.RemoveNode).RemoveNodeAsync(Doer(user, reason), node, cancel);

    public Task AllowNodeAsync(ConsoleUser user, string reason, string node, CancellationToken cancel) =>
        Checked(user, UseCase.AllowNode).AllowNodeAsync(Doer(user, reason), node, cancel);

    public Task RenameNodeAsync(ConsoleUser user, string reason, string node, string name, CancellationToken cancel) =>
        Checked(user, UseCase.RenameNode).RenameNodeAsync(Doer(user, reason), node, name, cancel);

    public Task TagNodeAsync(ConsoleUser user, string reason, string node, ImmutableArray<string> tags, CancellationToken cancel) =>
        Checked(user, UseCase.TagNode).TagNodeAsync(Doer(user, reason), node, tags, cancel);

    public Task DrainNodeAsync(ConsoleUser user, string reason, string node, bool on, CancellationToken cancel) =>
        Checked(user, UseCase.DrainNode).DrainNodeAsync(Doer(user, reason), node, on, cancel);

    public Task<AnnouncementPreview> PreviewAnnounceAsync(ConsoleUser user, string node, AnnouncementWish wish, CancellationToken cancel) =>
        Checked(user, UseCase.OrderAnnouncement).PreviewAnnounceAsync(node, wish, cancel);

    public Task<AnnouncementPreview> PreviewWithdrawAsync(ConsoleUser user, string node, string prefix, CancellationToken cancel) =>
        Checked(user, UseCase.OrderAnnouncement).PreviewWithdrawAsync(node, prefix, cancel);

    public Task<AnnouncementOutcome> AnnounceAsync(ConsoleUser user, string reason, string node, AnnouncementWish wish, CancellationToken cancel) =>
        Checked(user, UseCase.OrderAnnouncement).AnnounceAsync(Doer(user, reason), node, wish, cancel);

    public Task WithdrawAsync(ConsoleUser user, string reason, string node, string prefix, CancellationToken cancel) =>
        Checked(user, UseCase.OrderAnnouncement).WithdrawAsync(Doer(user, reason), node, prefix, cancel);

    public Task<RouteReport> FindRouteAsync(ConsoleUser user, string prefix, CancellationToken cancel) => Checked(user, UseCase.SeeMesh).FindRouteAsync(prefix, cancel);

    public Task<RouteTaker> AskRouteAsync(ConsoleUser user, string node, string prefix, CancellationToken cancel)
    {
        _ = Checked(user, UseCase.AskNode);
        return routes.AskAsync(node, prefix, cancel);
    }

    public Task<PathReport> FindPathAsync(ConsoleUser user, PathWish wish, CancellationToken cancel)
    {
        _ = Checked(user, UseCase.AskNode);
        return paths.AskAsync(wish, cancel);
    }

    public Task<NodeSeries?> SeriesAsync(ConsoleUser user, string node, CancellationToken cancel) => Checked(user, UseCase.SeeMesh).SeriesAsync(node, cancel);

    public Task<PastSpan> PastAsync(ConsoleUser user, CancellationToken cancel) => Checked(user, UseCase.SeeMesh).PastAsync(cancel);

    public Task<PastMoment?> MomentAsync(ConsoleUser user, DateTimeOffset at, CancellationToken cancel)
    {
        _ = Checked(user, UseCase.SeeMesh);
        return moments.AskAsync(at, cancel);
    }

    private IMeshPort Checked(ConsoleUser user, UseCase useCase)
    {
        if (!sessions.IsAlive(user.Session))
            throw new ConsoleRefusalException("Your session has ended: sign in again.");
        if (!Access.May(user.Role, useCase))
            throw new ConsoleRefusalException($"This needs the role {Access.LeastRole(useCase).ToString().ToLowerInvariant()}; you signed in as {user.Role.ToString().ToLowerInvariant()}.");
        return port;
    }

    private static Doer Doer(ConsoleUser user, string reason) => new(user.Name, user.From, reason);
}
