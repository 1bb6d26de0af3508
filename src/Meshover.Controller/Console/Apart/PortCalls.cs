using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Api;

namespace Meshover.Controller.Console.Apart;

/// <summary>A call of the console's port that goes from one process to another: what is asked is posted, and answered, as JSON.</summary>
internal sealed record PortCall<TAsk, TAnswer>(string Path, JsonTypeInfo<TAsk> Ask, JsonTypeInfo<TAnswer> Answer)
{
    /// <summary>Of what is asked, in bytes.</summary>
    public int Longest { get; init; } = Limits.LongestMessage;

    /// <summary>How long the answer is waited for; longer than the controller itself waits for any node, or for a way's nodes.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// All calls between a console that runs apart and its controller, on the admin socket. Both ends are of one build, and say so in each call: so there is
/// nothing here that must outlive a release.
/// </summary>
internal static class PortCalls
{
    public const string Root = "/meshover/console";

    /// <summary>GET: <see cref="MeshView"/>, with an ETag: as long as nothing changes, the answer is 304.</summary>
    public const string Picture = $"{Root}/picture";

    /// <summary>The header that says of which build the console is.</summary>
    public const string Build = "Meshover-Build";

    public static readonly PortCall<TokenAsk, TokenHolder?> SignIn = Of<TokenAsk, TokenHolder?>("sign-in");
    public static readonly PortCall<SessionsReport, SessionsAnswer> Sessions = Of<SessionsReport, SessionsAnswer>("sessions") with
    {
        // All that a console may have, with the longest names; and the next comes soon.
        Longest = 4 * Limits.LongestMessage,
        Patience = 2 * SessionsReporter.Every,
    };
    public static readonly PortCall<NodeAsk, NodeReport> AskNode = Of<NodeAsk, NodeReport>("ask-node");
    public static readonly PortCall<PageAsk, Page<EventRow>> Events = Of<PageAsk, Page<EventRow>>("events");
    public static readonly PortCall<PageAsk, Page<AuditRow>> Audit = Of<PageAsk, Page<AuditRow>>("audit");
    public static readonly PortCall<NothingAsk, ImmutableArray<TokenRow>> Tokens = Of<NothingAsk, ImmutableArray<TokenRow>>("tokens");
    public static readonly PortCall<JoinOrder, CreatedJoin> CreateToken = Of<JoinOrder, CreatedJoin>("create-token");
    public static readonly PortCall<SubjectOrder, Done> RevokeToken = Of<SubjectOrder, Done>("revoke-token");
    public static readonly PortCall<GrantAsk, GrantPreview> PreviewAdd = Of<GrantAsk, GrantPreview>("preview-add");
    public static readonly PortCall<PrefixAsk, GrantPreview> PreviewRemove = Of<PrefixAsk, GrantPreview>("preview-remove");
    public static readonly PortCall<GrantOrder, Done> AddGrant = Of<GrantOrder, Done>("add-grant");
    public static readonly PortCall<PrefixOrder, Done> RemoveGrant = Of<PrefixOrder, Done>("remove-grant");
    public static readonly PortCall<SubjectOrder, Done> RemoveNode = Of<SubjectOrder, Done>("remove-node");
    public static readonly PortCall<SubjectOrder, Done> AllowNode = Of<SubjectOrder, Done>("allow-node");
    public static readonly PortCall<RenameOrder, Done> RenameNode = Of<RenameOrder, Done>("rename-node");
    public static readonly PortCall<TagOrder, Done> TagNode = Of<TagOrder, Done>("tag-node");
    public static readonly PortCall<DrainingOrder, Done> DrainNode = Of<DrainingOrder, Done>("drain-node");
    public static readonly PortCall<AnnouncementAsk, AnnouncementPreview> PreviewAnnounce = Of<AnnouncementAsk, AnnouncementPreview>("preview-announce");
    public static readonly PortCall<PrefixAsk, AnnouncementPreview> PreviewWithdraw = Of<PrefixAsk, AnnouncementPreview>("preview-withdraw");
    public static readonly PortCall<AnnouncementOrder, AnnouncementOutcome> Announce = Of<AnnouncementOrder, AnnouncementOutcome>("announce");
    public static readonly PortCall<PrefixOrder, Done> Withdraw = Of<PrefixOrder, Done>("withdraw");
    public static readonly PortCall<RouteAsk, RouteReport> FindRoute = Of<RouteAsk, RouteReport>("find-route");
    public static readonly PortCall<PrefixAsk, RouteTaker> AskRoute = Of<PrefixAsk, RouteTaker>("ask-route");
    public static readonly PortCall<PathWish, PathReport> FindPath = Of<PathWish, PathReport>("find-path");
    public static readonly PortCall<NodeAsk, NodeSeries?> Series = Of<NodeAsk, NodeSeries?>("series");
    public static readonly PortCall<NothingAsk, PastSpan> Past = Of<NothingAsk, PastSpan>("past");
    public static readonly PortCall<MomentAsk, PastMoment?> Moment = Of<MomentAsk, PastMoment?>("moment");

    private static PortCall<TAsk, TAnswer> Of<TAsk, TAnswer>(string name) => new($"{Root}/{name}", PortJson.Of<TAsk>(), PortJson.Of<TAnswer>());
}
