using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Meshover.Mesh.Trust;

namespace Meshover.Controller.Api;

/// <summary>Between the contract's messages and what administration speaks of.</summary>
internal static class AdminMapping
{
    private const uint DefaultAudit = 50;
    private const uint MostAudit = 1_000;
    private const uint DefaultEvents = 200;
    private const uint MostEvents = 1_000; // some 400 bytes each, in one message

    public static TokenWish ToWish(CreateTokenRequest request) =>
        new(request.LifetimeSeconds, request.Uses, [.. request.Tags], [.. request.Grants.Select(ToWish)], request.Replace) { HostNames = [.. request.Hostnames] };

    public static GrantWish ToWish(RouteGrant grant) => new(grant.Prefix, grant.MaxLength, grant.Pin, grant.Gather, grant.Name);

    public static AddressWish ToWish(AddAddressRequest request) => new(request.Address, request.Family, request.HasNote ? request.Note : null);

    public static AddAddressResponse ToContract(GivenAddress given) =>
        new() { Address = given.Address.ToContract(), Existing = given.Former is not null, FormerNote = given.Former?.Note ?? "" };

    public static AddressRecord ToContract(AddressView view) => new() { Node = view.HostName, Address = view.Address.ToContract(), RestsUntilUnix = view.RestsUntil };

    public static AuditQuery ToQuery(ListAuditRequest request) =>
        new((int)Math.Clamp(request.Limit == 0 ? DefaultAudit : request.Limit, 1, MostAudit), request.Node, request.Below, request.Routine);

    public static EventQuery ToQuery(ListEventsRequest request) => new(
        (int)Math.Clamp(request.Limit == 0 ? DefaultEvents : request.Limit, 1, MostEvents), request.Node,
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(request.SinceUnixMs, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())), request.Below, request.Above);

    public static Event ToContract(EventView view) => new()
    {
        Id = view.Id,
        TimeUnixMs = view.Event.Time.ToUnixTimeMilliseconds(),
        Kind = view.Event.Kind,
        Node = view.Event.Node,
        Subject = view.Event.Subject,
        Code = view.Event.Code,
        From = view.Event.From,
        To = view.Event.To,
        Actor = view.Event.Actor,
        Text = view.Event.Text,
    };

    public static CheckMeshResponse ToContract(CheckResult result) => new()
    {
        Checks = { MeshChecks.Names },
        Problems = { result.Problems.Select(problem => new Contract.V1.CheckProblem { Check = problem.Check, Subject = problem.Subject, Text = problem.Text }) },
        Found = { MeshChecks.Names.Select(name => (uint)result.Found[name]) },
        More = (uint)(result.Found.Values.Sum() - result.Problems.Length),
        Nodes = (uint)result.Nodes,
        Unheard = (uint)result.Unheard,
    };

    /// <exception cref="InvalidRequestException">It is of no kind that this release knows.</exception>
    public static Question ToQuestion(NodeQuestion? question)
    {
        var kind = question?.KindCase ?? NodeQuestion.KindOneofCase.None;
        var violations = new Violations();
        violations.Require(kind != NodeQuestion.KindOneofCase.None, "question", "is missing, or of a kind that this controller does not know.");
        violations.ThrowIfAny();
        return new Question(ContractRevision.Answers(kind.ToString()), question!);
    }

    /// <summary>It changes something at the node. What is not known to ask only is taken for one.</summary>
    public static bool IsOrder(NodeQuestion question) =>
        question.KindCase is not (NodeQuestion.KindOneofCase.Status or NodeQuestion.KindOneofCase.Peers or NodeQuestion.KindOneofCase.Way);

    /// <exception cref="RefusalException">The node has answered something else.</exception>
    public static NodeAnswer ToAnswer(ReadOnlySpan<byte> bytes, NodeQuestion question)
    {
        try
        {
            // The two oneofs have the same members.
            if (NodeAnswer.Parser.ParseFrom(bytes) is var answer && (int)answer.KindCase == (int)question.KindCase)
                return answer;
        }
        catch (InvalidProtocolBufferException)
        {
        }
        throw new RefusalException(RefusalReason.Precondition, "The node answered something that is no answer to the question. Its agent's release may be at fault.");
    }

    public static AuditEntry ToContract(AuditView view) => new()
    {
        TimeUnix = view.Record.Time,
        Revision = view.Revision,
        Actor = view.Record.Actor,
        Operation = view.Record.Operation,
        Object = view.Record.Object,
        Reason = view.Record.Reason,
        Before = view.Record.Before,
        After = view.Record.After,
        Nodes = { view.Record.Nodes },
    };

    public static TokenInfo ToContract(TokenRecord token) => new()
    {
        TokenId = token.Id,
        ExpiresUnix = token.Expires,
        Uses = token.Uses,
        Used = token.Used,
        Tags = { token.Tags },
        Grants = { token.Grants.Select(grant => grant.ToContract()) },
        Replace = token.Replace,
        Revoked = token.Revoked,
        Hostnames = { token.HostNames },
    };

    public static ConsoleTokenInfo ToContract(ConsoleTokenRecord token) => new()
    {
        TokenId = token.Id,
        Name = token.Name,
        Role = token.Role,
        CreatedUnix = token.Created,
        ExpiresUnix = token.Expires,
        Once = token.Once,
        Used = token.IsUsed,
        Revoked = token.Revoked,
    };

    public static ConsoleSessionInfo ToContract(SessionView session) => new()
    {
        SessionId = session.Id,
        Name = session.Name,
        Role = session.Role,
        From = session.From,
        BeganUnix = session.Began.ToUnixTimeSeconds(),
        EndsUnix = session.Ends.ToUnixTimeSeconds(),
    };

    public static NodeRecord ToContract(NodeView view)
    {
        var ((node, reach), live) = (view.Node, view.Live);
        return new()
        {
            Id = node.Id,
            Hostname = node.HostName,
            Address4 = node.Address4,
            Address6 = node.Address6,
            FurtherAddresses = { node.Further.Select(further => further.ToContract()) },
            TunnelAddress = node.TunnelAddress,
            Asn = node.Asn,
            Online = live?.IsOnline ?? false,
            LastSeenUnix = live?.LastSeen.ToUnixTimeSeconds() ?? 0,
            Version = live?.Version ?? "",
            Transit = reach.Transit,
            Draining = reach.Draining,
            Endpoints = { reach.Endpoints.Select(endpoint => endpoint.ToContract()) },
            Grants = { node.Grants.Select(grant => grant.ToContract()) },
            Announced = { live?.Report.Announced.Select(prefix => prefix.ToString()) ?? [] },
            AnnouncedNotGranted = { view.NotGranted.Select(prefix => prefix.ToString()) },
            Tags = { node.Tags },
            Site = reach.Site,
            Notices = { view.Notices },
            Removed = !view.Node.IsActive,
            Health = MeshGraph.Word(live is { Judged: { } judged } && (!live.IsRecalled || judged.State == NodeState.Lost) ? judged.State : NodeState.Unknown),
            HealthSinceUnix = live?.Judged?.Since.ToUnixTimeSeconds() ?? 0,
            LastKnown = live is { IsLastKnown: true, Judged: { } known } ? MeshGraph.Word(known.State) : "",
        };
    }
}
