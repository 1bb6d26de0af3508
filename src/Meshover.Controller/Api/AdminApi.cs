using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.Streaming;

namespace Meshover.Controller.Api;

/// <summary>Administration by gRPC: a face of <see cref="Administration"/>. The admin socket's file mode says who may.</summary>
internal sealed class AdminApi(Tokens tokens, Nodes nodes, NodeQueries queries, Grants grants, Addresses addresses, AuditLog audit, MeshEvents events, MeshCheck check, ConsoleTokens consoleTokens, ConsoleSessions sessions) : AdminService.AdminServiceBase
{
    public override async Task<CreateTokenResponse> CreateToken(CreateTokenRequest request, ServerCallContext context)
    {
        var token = await tokens.CreateAsync(Caller.ActorOf(context), Reason.Of(request.Reason), AdminMapping.ToWish(request), context.CancellationToken);
        return new CreateTokenResponse { TokenId = token.Id, JoinString = token.Join.ToString(), ExpiresUnix = token.Expires };
    }

    public override Task<ListTokensResponse> ListTokens(ListTokensRequest request, ServerCallContext context) =>
        Task.FromResult(new ListTokensResponse { Tokens = { tokens.List().Select(AdminMapping.ToContract) } });

    public override async Task<RevokeTokenResponse> RevokeToken(RevokeTokenRequest request, ServerCallContext context)
    {
        await tokens.RevokeAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.TokenId, context.CancellationToken);
        return new RevokeTokenResponse();
    }

    public override Task<ListNodesResponse> ListNodes(ListNodesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListNodesResponse { Nodes = { nodes.List(request.IncludeRemoved).Select(AdminMapping.ToContract) } });

    public override async Task<RemoveNodeResponse> RemoveNode(RemoveNodeRequest request, ServerCallContext context)
    {
        await nodes.RemoveAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, context.CancellationToken);
        return new RemoveNodeResponse();
    }

    public override async Task<RenameNodeResponse> RenameNode(RenameNodeRequest request, ServerCallContext context) => new()
    {
        Hostname = await nodes.RenameAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, request.Hostname, context.CancellationToken),
    };

    public override async Task<TagNodeResponse> TagNode(TagNodeRequest request, ServerCallContext context) => new()
    {
        Tags = { await nodes.TagAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, [.. request.Add], [.. request.Remove], context.CancellationToken) },
    };

    public override async Task<AllowNodeResponse> AllowNode(AllowNodeRequest request, ServerCallContext context)
    {
        await nodes.AllowAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, context.CancellationToken);
        return new AllowNodeResponse();
    }

    public override async Task<AskNodeResponse> AskNode(AskNodeRequest request, ServerCallContext context)
    {
        // Orders have a way of their own, by which the audit hears of them first.
        var question = AdminMapping.ToQuestion(request.Question);
        if (AdminMapping.IsOrder(question.Content))
            throw new RefusalException(RefusalReason.Precondition, "This is an order and no question: run `meshover drain`, `announce` or `withdraw` on the node, or give it in the console.");
        var answer = await queries.AskAsync(request.Node, question, context.CancellationToken);
        return new AskNodeResponse { Answer = AdminMapping.ToAnswer(answer.Span, question.Content) };
    }

    public override async Task<AddAddressResponse> AddAddress(AddAddressRequest request, ServerCallContext context) =>
        AdminMapping.ToContract(await addresses.AddAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, AdminMapping.ToWish(request), context.CancellationToken));

    public override async Task<RemoveAddressResponse> RemoveAddress(RemoveAddressRequest request, ServerCallContext context)
    {
        var until = await addresses.RemoveAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, request.Address, context.CancellationToken);
        return new RemoveAddressResponse { RestsUntilUnix = until.ToUnixTimeSeconds() };
    }

    public override Task<ListAddressesResponse> ListAddresses(ListAddressesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListAddressesResponse { Addresses = { addresses.List(request.Node).Select(AdminMapping.ToContract) } });

    public override async Task<AddGrantResponse> AddGrant(AddGrantRequest request, ServerCallContext context)
    {
        var grant = request.Grant is null ? null : AdminMapping.ToWish(request.Grant);
        var added = await grants.AddAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, grant, context.CancellationToken);
        return new AddGrantResponse { Grant = added.ToContract() };
    }

    public override async Task<RemoveGrantResponse> RemoveGrant(RemoveGrantRequest request, ServerCallContext context)
    {
        await grants.RemoveAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Node, request.Prefix, context.CancellationToken);
        return new RemoveGrantResponse();
    }

    public override async Task<ListAuditResponse> ListAudit(ListAuditRequest request, ServerCallContext context)
    {
        var page = await audit.ListAsync(AdminMapping.ToQuery(request), context.CancellationToken);
        return new ListAuditResponse { Entries = { page.Records.Select(AdminMapping.ToContract) }, Next = page.Next };
    }

    public override async Task<ListEventsResponse> ListEvents(ListEventsRequest request, ServerCallContext context)
    {
        var page = await events.ListAsync(AdminMapping.ToQuery(request), context.CancellationToken);
        return new ListEventsResponse { Events = { page.Events.Select(AdminMapping.ToContract) }, Next = page.Next, Newest = page.Newest };
    }

    public override async Task<CreateConsoleTokenResponse> CreateConsoleToken(CreateConsoleTokenRequest request, ServerCallContext context)
    {
        var wish = new ConsoleTokenWish(request.Name, request.Role, request.LifetimeSeconds, request.Once);
        var token = await consoleTokens.CreateAsync(Caller.ActorOf(context), Reason.Of(request.Reason), wish, context.CancellationToken);
        return new CreateConsoleTokenResponse { TokenId = token.Record.Id, Token = token.Text, Address = token.Address };
    }

    public override Task<ListConsoleTokensResponse> ListConsoleTokens(ListConsoleTokensRequest request, ServerCallContext context) =>
        Task.FromResult(new ListConsoleTokensResponse { Tokens = { consoleTokens.List().Select(AdminMapping.ToContract) } });

    public override async Task<RevokeConsoleTokenResponse> RevokeConsoleToken(RevokeConsoleTokenRequest request, ServerCallContext context)
    {
        await consoleTokens.RevokeAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.TokenId, context.CancellationToken);
        return new RevokeConsoleTokenResponse();
    }

    public override Task<ListConsoleSessionsResponse> ListConsoleSessions(ListConsoleSessionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListConsoleSessionsResponse { Sessions = { sessions.List().Select(AdminMapping.ToContract) } });

    public override async Task<EndConsoleSessionsResponse> EndConsoleSessions(EndConsoleSessionsRequest request, ServerCallContext context) => new()
    {
        Ended = (uint)await sessions.EndAsync(Caller.ActorOf(context), Reason.Of(request.Reason), request.Who, context.CancellationToken),
    };

    public override Task<ListGrantsResponse> ListGrants(ListGrantsRequest request, ServerCallContext context) => Task.FromResult(new ListGrantsResponse
    {
        Grants = { grants.List(request.Node).Select(held => new GrantRecord { Node = held.HostName, Grant = held.Grant.ToContract() }) },
    });

    public override async Task<CheckMeshResponse> CheckMesh(CheckMeshRequest request, ServerCallContext context) =>
        AdminMapping.ToContract(await check.AskAsync(context.CancellationToken));
}
