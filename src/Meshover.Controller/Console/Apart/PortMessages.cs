using System.Collections.Immutable;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;

namespace Meshover.Controller.Console.Apart;

/// <summary>Something that changes the mesh, or a node.</summary>
internal interface IPortOrder
{
    /// <summary>Who wants it, as the console knows who signed in.</summary>
    Doer By { get; }
}

internal sealed record NothingAsk;

internal sealed record TokenAsk(string Token);

internal sealed record NodeAsk(string Node);

internal sealed record PageAsk(string Node, string Below, int Limit);

internal sealed record GrantAsk(string Node, GrantRow Wish);

internal sealed record PrefixAsk(string Node, string Prefix);

internal sealed record AnnouncementAsk(string Node, AnnouncementWish Wish);

internal sealed record RouteAsk(string Prefix);

internal sealed record MomentAsk(DateTimeOffset At);

/// <param name="Subject">The node's name, or the token's id.</param>
internal sealed record SubjectOrder(Doer By, string Subject) : IPortOrder;

internal sealed record JoinOrder(Doer By, JoinWish Wish) : IPortOrder;

internal sealed record GrantOrder(Doer By, string Node, GrantRow Wish) : IPortOrder;

internal sealed record PrefixOrder(Doer By, string Node, string Prefix) : IPortOrder;

internal sealed record RenameOrder(Doer By, string Node, string Name) : IPortOrder;

internal sealed record TagOrder(Doer By, string Node, ImmutableArray<string> Tags) : IPortOrder;

internal sealed record DrainingOrder(Doer By, string Node, bool On) : IPortOrder;

internal sealed record AnnouncementOrder(Doer By, string Node, AnnouncementWish Wish) : IPortOrder;

/// <summary>It was done, and there is no more to say.</summary>
internal sealed record Done;

/// <param name="Console">Names this console's process among others.</param>
/// <param name="Now">What time it is by its clock.</param>
/// <param name="Sessions">Who is signed in to it.</param>
internal sealed record SessionsReport(string Console, DateTimeOffset Now, ImmutableArray<SessionView> Sessions);

/// <param name="Ended">Ids of those that have ended, by an administrator or with their token.</param>
/// <param name="NotListed">Why administrators do not see them all, for people; null: they do.</param>
internal sealed record SessionsAnswer(ImmutableArray<string> Ended, string? NotListed);

/// <summary>What goes over the port, with the console's own records as they are.</summary>
[JsonSourceGenerationOptions(
    UseStringEnumConverter = true, IgnoreReadOnlyProperties = true, IncludeFields = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(NothingAsk))]
[JsonSerializable(typeof(TokenAsk))]
[JsonSerializable(typeof(NodeAsk))]
[JsonSerializable(typeof(PageAsk))]
[JsonSerializable(typeof(GrantAsk))]
[JsonSerializable(typeof(PrefixAsk))]
[JsonSerializable(typeof(AnnouncementAsk))]
[JsonSerializable(typeof(RouteAsk))]
[JsonSerializable(typeof(MomentAsk))]
[JsonSerializable(typeof(SubjectOrder))]
[JsonSerializable(typeof(JoinOrder))]
[JsonSerializable(typeof(GrantOrder))]
[JsonSerializable(typeof(PrefixOrder))]
[JsonSerializable(typeof(RenameOrder))]
[JsonSerializable(typeof(TagOrder))]
[JsonSerializable(typeof(DrainingOrder))]
[JsonSerializable(typeof(AnnouncementOrder))]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(MeshView))]
[JsonSerializable(typeof(SessionsReport))]
[JsonSerializable(typeof(SessionsAnswer))]
[JsonSerializable(typeof(TokenHolder))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(Page<EventRow>))]
[JsonSerializable(typeof(Page<AuditRow>))]
[JsonSerializable(typeof(ImmutableArray<TokenRow>))]
[JsonSerializable(typeof(CreatedJoin))]
[JsonSerializable(typeof(GrantPreview))]
[JsonSerializable(typeof(AnnouncementPreview))]
[JsonSerializable(typeof(AnnouncementOutcome))]
[JsonSerializable(typeof(RouteReport))]
[JsonSerializable(typeof(RouteTaker))]
[JsonSerializable(typeof(PathWish))]
[JsonSerializable(typeof(PathReport))]
[JsonSerializable(typeof(NodeSeries))]
[JsonSerializable(typeof(PastSpan))]
[JsonSerializable(typeof(PastMoment))]
internal sealed partial class PortJson : JsonSerializerContext
{
    public static JsonTypeInfo<T> Of<T>() =>
        (JsonTypeInfo<T>)(Default.GetTypeInfo(typeof(T)) ?? throw new InvalidOperationException($"{typeof(T).Name} does not go over the console's port."));
}
