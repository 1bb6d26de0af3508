using System.Net;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Api;

/// <summary>The service of the nodes. Whoever calls is known by the key of the TLS client certificate.</summary>
internal sealed partial class MeshApi(
    MeshDirectory directory, LiveNodes live, MapBroadcaster maps, TokenSigner signer, CredentialIssuer issuer,
    MemberUpdates updates, ControllerOptions options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<MeshApi> log)
{
    private static readonly TimeSpan HelloDeadline = TimeSpan.FromSeconds(15);

    private long ClockSkew => (long)options.ClockSkew.TotalSeconds;

    public async Task<EnrollResponse> EnrollAsync(EnrollRequest request, ServerCallContext context)
    {
        var identity = Caller.IdentityOf(context);
        RequestValidator.Check(request);
        var token = await JoinTokens.ReadAsync(signer, request.Token);
        var wish = ToWish(request, identity, token, Caller.SourceOf(context));
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        // A member that enrols once more joins nothing: it is brought up to date.
        var operation = directory.State.MemberByIdentity(identity) is null ? Operation.Enrol : Operation.UpdateNode;
        var joined = await directory.ChangeAsync(CauseOf(identity, operation), draft => Enrolment.Enrol(draft, wish, now, ClockSkew), context.CancellationToken);
        var member = joined.Value;
        var state = directory.State;
        return new EnrollResponse
        {
            Hello = ContractMapping.Hello(),
            Node = new NodeEntry(member, state.Nodes[member.Id].Reach).ToContract(),
            Credential = issuer.Sign(member, joined.Revision),
            Settings = state.Mesh.ToContract(),
        };
    }

    public async Task<Credential> RenewCredentialAsync(RenewCredentialRequest request, ServerCallContext context)
    {
        var identity = Caller.IdentityOf(context);
        var member = await MemberAsync(identity, await Credentials.ReadAsync(signer, request.ExpiredJwt, identity), context.CancellationToken);
        return issuer.Renew(member.Record.Id);
    }

    public async Task<LeaveResponse> LeaveAsync(ServerCallContext context)
    {
        var identity = Caller.IdentityOf(context);
        await directory.ChangeAsync(CauseOf(identity, Operation.Leave), draft =>
        {
            // A second `leave`, whose first answer was lost, is no error.
            if (draft.State.MemberByIdentity(identity) is { } member)
                Departure.Leave(draft, member.Record);
        }, context.CancellationToken);
        return new LeaveResponse();
    }

    public async Task FollowAsync(IAsyncStreamReader<NodeMessage> reader, IServerStreamWriter<ControllerFrame> writer, ServerCallContext context)
    {
        var identity = Caller.IdentityOf(context);
        var hello = await ReadHelloAsync(reader, context.CancellationToken);
        var credential = await Credentials.ReadAsync(signer, hello.Credential, identity) ?? throw new RefusalException(RefusalReason.NotAdmitted,
            "The credential does not belong to this mesh, or not to this node's key. Join again: `meshover up --join …`.");
        if (time.GetUtcNow().ToUnixTimeSeconds() > credential.Expires + ClockSkew)
            throw new RefusalException(RefusalReason.NotAdmitted, "The credential has expired; the agent renews it by itself.");
        var member = await MemberAsync(identity, credential, context.CancellationToken);
        await writer.WriteAsync(ControllerFrame.Of(new ControllerMessage
        {
            Hello = new ControllerHello { Hello = ContractMapping.Hello(), StoreId = directory.State.Mesh.StoreId },
        }), context.CancellationToken);
        // The map must have this node in it, or the stream would take it for removed.
        await maps.WaitBeyondAsync(directory.State.Nodes.ModifiedOf(member.Record.Id) - 1, context.CancellationToken);
        var session = new NodeSession(member.Record.Id, hello.InstanceId, hello.Hello.Version, Caller.SourceOf(context))
        {
            Capabilities = [.. hello.Hello.Capabilities],
        };
        await FollowAsync(session, hello, credential, reader, writer, context.CancellationToken);
    }

    private async Task FollowAsync(NodeSession session, NodeHello hello, CredentialClaims credential,
        IAsyncStreamReader<NodeMessage> reader, IServerStreamWriter<ControllerFrame> writer, CancellationToken cancel)
    {
        var state = directory.State;
        ControllerMeter.Streams.Add(1);
        live.Open(session, StatusMapping.Merge(ReportedState.Nothing, hello.Status ?? new NodeStatus(), (node, place) => Sightings.IsNews(state, node, place)));
        if (hello.Status?.Summary is { } summary)
            live.Tell(session, health => HealthMapping.Merge(health, summary, time.GetUtcNow()));
        try
        {
            var stream = new FollowStream(session, live, maps, issuer, updates, time, reader, writer);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
            await updates.ApplyAsync(session, hello, either.Token);
            await stream.RunAsync(new MapCursor(hello.StoreId, hello.Revision), DateTimeOffset.FromUnixTimeSeconds(credential.Expires), either.Token);
        }
        finally
        {
            live.Close(session);
        }
    }

    private async Task<NodeHello> ReadHelloAsync(IAsyncStreamReader<NodeMessage> reader, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(HelloDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            if (!await reader.MoveNext(either.Token) || reader.Current.Hello is not { } hello)
                throw new RpcException(new Status(StatusCode.InvalidArgument, "The first message of a stream must be a hello."));
            RequestValidator.Check(hello);
            return hello;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"No hello came within {HelloDeadline.TotalSeconds:0} s."));
        }
    }

    /// <summary>The member with this identity; one that a restored backup lacks is adopted by its credential.</summary>
    private async Task<NodeEntry> MemberAsync(string identity, CredentialClaims? credential, CancellationToken cancel)
    {
        var state = directory.State;
        if (state.Identity(identity)?.Refused is { } refused)
            throw new RefusalException(RefusalReason.IdentityRefused, refused);
        if (state.MemberByIdentity(identity) is { } member)
            return member;
        if (credential is null)
            throw new RefusalException(RefusalReason.NotAdmitted,
                "This mesh does not know this node. Join again: `meshover up --join …` with a token from `meshover token create`.");
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        await directory.ChangeAsync(CauseOf(identity, Operation.Adopt), draft =>
        {
            if (draft.State.MemberByIdentity(identity) is null)
                Adoption.Adopt(draft, credential, now);
        }, cancel);
        var adopted = directory.State.MemberByIdentity(identity)
            ?? throw new RefusalException(RefusalReason.NotAdmitted, "The node was adopted and removed at the same moment. Join again.");
        LogAdopted(log, adopted.Record.Id, adopted.Record.HostName, string.Join(", ", adopted.Record.Grants.Select(grant => grant.Prefix)));
        return adopted;
    }

    private Cause CauseOf(string identity, Operation operation) =>
        new(directory.State.MemberByIdentity(identity) is { Record.Id: var id } ? Actor.Node(id) : Actor.Newcomer(identity), operation, Reason.None);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Id} ({HostName}) came back by its credential after the restore; granted: {Grants}")]
    private static partial void LogAdopted(ILogger logger, uint id, string hostName, string grants);

    private EnrolmentRequest ToWish(EnrollRequest request, string identity, JoinTokenClaims token, IPAddress? source)
    {
        HostName.TryNormalise(request.Hostname, out var name, out _);
        var wish = new EnrolmentRequest
        {
            Identity = identity,
            HostName = name!,
            WireGuardKey = Convert.ToBase64String(request.WireguardKey.Span),
            Token = token,
        };
        var report = ReportedState.Nothing with
        {
            Endpoints = StatusMapping.ToRecords(request.Endpoints),
            OtherAddresses = StatusMapping.ToAddresses(request.OtherAddresses),
            ListenPort = (int)request.ListenPort,
            Site = request.Site,
        };
        var state = directory.State;
        var reach = ReachPlanner.Plan(state.Mesh, token.Grants, report, new SeenSource(source), [], ReachRecord.Unknown);
        return wish with { Reach = reach with { Transit = TopologyKeeper.IsTransitAtFirst(state) } };
    }
}
