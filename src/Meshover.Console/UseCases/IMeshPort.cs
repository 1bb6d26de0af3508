using System.Collections.Immutable;

namespace Meshover.Console.UseCases;

/// <summary>
/// The controller as the console sees it: its use cases, in the console's own words, without a thought for who may. Whoever serves the console brings one
/// (the controller its own administration; a console that runs apart one that asks a controller). Thread-safe.
/// What is asked for and refused, or cannot be asked now, is a <see cref="ConsoleRefusalException"/>.
/// </summary>
public interface IMeshPort
{
    /// <summary>The mesh as it is known now; the same object for as long as nothing of it changes. At once, and it throws nothing. O(nodes + links) where something did.</summary>
    MeshView Look();

    /// <summary>What the node itself says, asked over its stream; waits for at most 10 s.</summary>
    Task<NodeReport> AskNodeAsync(string node, CancellationToken cancel);

    /// <summary>The newest first.</summary>
    /// <param name="node">Hostname; empty: of all.</param>
    /// <param name="below">Where an earlier page went on; empty: from the newest.</param>
    /// <param name="limit">How many, at least 1.</param>
    /// <param name="cancel">Gives up.</param>
    Task<Page<EventRow>> EventsAsync(string node, string below, int limit, CancellationToken cancel);

    /// <inheritdoc cref="EventsAsync"/>
    Task<Page<AuditRow>> AuditAsync(string node, string below, int limit, CancellationToken cancel);

    /// <summary>The newest first.</summary>
    Task<ImmutableArray<TokenRow>> TokensAsync(CancellationToken cancel);

    Task<CreatedJoin> CreateTokenAsync(Doer by, JoinWish wish, CancellationToken cancel);

    Task RevokeTokenAsync(Doer by, string id, CancellationToken cancel);

    /// <summary>What adding it would do; throws where it would be refused.</summary>
    Task<GrantPreview> PreviewAddAsync(string node, GrantRow wish, CancellationToken cancel);

    Task<GrantPreview> PreviewRemoveAsync(string node, string prefix, CancellationToken cancel);

    Task AddGrantAsync(Doer by, string node, GrantRow wish, CancellationToken cancel);

    Task RemoveGrantAsync(Doer by, string node, string prefix, CancellationToken cancel);

    Task RemoveNodeAsync(Doer by, string node, CancellationToken cancel);

    Task AllowNodeAsync(Doer by, string node, CancellationToken cancel);

    Task RenameNodeAsync(Doer by, string node, string name, CancellationToken cancel);

    /// <summary>Gives it these tags in the place of those that it has.</summary>
    Task TagNodeAsync(Doer by, string node, ImmutableArray<string> tags, CancellationToken cancel);

    /// <summary>Tells the node that it is to be left, or to take part again; returns when it has begun.</summary>
    Task DrainNodeAsync(Doer by, string node, bool on, CancellationToken cancel);

    /// <summary>What telling a node to announce it would do; asks the node how it stands, for at most 10 s.</summary>
    Task<AnnouncementPreview> PreviewAnnounceAsync(string node, AnnouncementWish wish, CancellationToken cancel);

    Task<AnnouncementPreview> PreviewWithdrawAsync(string node, string prefix, CancellationToken cancel);

    /// <summary>Tells the node; returns when it has taken it, with what came of it.</summary>
    Task<AnnouncementOutcome> AnnounceAsync(Doer by, string node, AnnouncementWish wish, CancellationToken cancel);

    Task WithdrawAsync(Doer by, string node, string prefix, CancellationToken cancel);

    /// <summary>Who announces a prefix and who may; nobody is asked. O(announcements + grants).</summary>
    /// <param name="prefix">A prefix or an address.</param>
    /// <param name="cancel">Gives up.</param>
    Task<RouteReport> FindRouteAsync(string prefix, CancellationToken cancel);

    /// <summary>What a node does with packets to it.</summary>
    Task<RouteTaker> AskRouteAsync(string node, string prefix, CancellationToken cancel);

    /// <summary>Goes the way of packets there and back, asking each node; at most 8 each way.</summary>
    Task<PathReport> FindPathAsync(PathWish wish, CancellationToken cancel);

    /// <summary>The last hours of a node; null: nothing was kept of it yet.</summary>
    Task<NodeSeries?> SeriesAsync(string node, CancellationToken cancel);

    Task<PastSpan> PastAsync(CancellationToken cancel);

    /// <summary>The mesh as it was; null: nothing is kept of so long ago.</summary>
    Task<PastMoment?> MomentAsync(DateTimeOffset at, CancellationToken cancel);
}

/// <summary>Who changes something, as the audit is told.</summary>
/// <param name="Name">The name that they signed in with.</param>
/// <param name="From">The address at which they did.</param>
/// <param name="Reason">Why, in their own words; may be empty.</param>
public sealed record Doer(string Name, string From, string Reason);
