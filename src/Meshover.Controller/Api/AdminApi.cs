using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using GrantRecord = Meshover.Contract.V1.GrantRecord;

namespace Meshover.Controller.Api;

/// <summary>Administration; the admin socket's file mode says who may.</summary>
internal sealed class AdminApi(
    MeshDirectory directory, LiveNodes live, TokenSigner signer, ControllerOptions options, TimeProvider time) : AdminService.AdminServiceBase
{
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(24);

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    public override async Task<CreateTokenResponse> CreateToken(CreateTokenRequest request, ServerCallContext context)
    {
        AdminValidator.Check(request, directory.State.Mesh);
        var now = Now;
        var token = new JoinTokenClaims
        {
            Id = JoinTokens.NewId(),
            Created = now,
            Expires = now + (request.LifetimeSeconds == 0 ? (long)DefaultLifetime.TotalSeconds : request.LifetimeSeconds),
            Uses = request.Uses == 0 ? 1 : request.Uses,
            Tags = [.. request.Tags.Distinct(StringComparer.Ordinal)],
            Grants = [.. request.Grants.Select(AdminValidator.ToRecord)],
            Replace = request.Replace,
        };
        await directory.ChangeAsync(draft => TokenRules.Create(draft, token), context.CancellationToken);
        var join = JoinTokens.ToJoinString(directory.State.Mesh, JoinTokens.Sign(signer, token));
        return new CreateTokenResponse { TokenId = token.Id, JoinString = join.ToString(), ExpiresUnix = token.Expires };
    }

    public override Task<ListTokensResponse> ListTokens(ListTokensRequest request, ServerCallContext context) => Task.FromResult(new ListTokensResponse
    {
        Tokens = { directory.State.Tokens.OrderBy(token => token.Created).ThenBy(token => token.Id, StringComparer.Ordinal).Select(AdminMapping.ToContract) },
    });

    public override async Task<RevokeTokenResponse> RevokeToken(RevokeTokenRequest request, ServerCallContext context)
    {
        AdminValidator.CheckToken(request.TokenId);
        await directory.ChangeAsync(draft => TokenRules.Revoke(draft, request.TokenId), context.CancellationToken);
        return new RevokeTokenResponse();
    }

    public override Task<ListNodesResponse> ListNodes(ListNodesRequest request, ServerCallContext context) => Task.FromResult(new ListNodesResponse
    {
        Nodes =
        {
            directory.State.Nodes.Values
                .Where(node => node.IsActive || (request.IncludeRemoved && node.Record.Standing == NodeStanding.Removed))
                .Select(node => AdminMapping.ToContract(node, live.View(node.Record.Id), Now)),
        },
    });

    public override async Task<RemoveNodeResponse> RemoveNode(RemoveNodeRequest request, ServerCallContext context)
    {
        AdminValidator.CheckNode(request.Node);
        var until = Now + (long)options.Rest.TotalSeconds;
        await directory.ChangeAsync(draft => Departure.Remove(draft, NodeNames.Member(draft.State, request.Node), until), context.CancellationToken);
        return new RemoveNodeResponse();
    }

    public override async Task<AllowNodeResponse> AllowNode(AllowNodeRequest request, ServerCallContext context)
    {
        AdminValidator.CheckNode(request.Node);
        await directory.ChangeAsync(draft =>
        {
            if (!DepartedNodes.TryAllow(draft, request.Node))
                Departure.Allow(draft, NodeNames.Removed(draft.State, request.Node));
        }, context.CancellationToken);
        return new AllowNodeResponse();
    }

    public override async Task<AddGrantResponse> AddGrant(AddGrantRequest request, ServerCallContext context)
    {
        AdminValidator.Check(request, directory.State.Mesh);
        var grant = AdminValidator.ToRecord(request.Grant);
        await directory.ChangeAsync(draft => GrantRules.Add(draft, NodeNames.Member(draft.State, request.Node), grant), context.CancellationToken);
        return new AddGrantResponse();
    }

    public override async Task<RemoveGrantResponse> RemoveGrant(RemoveGrantRequest request, ServerCallContext context)
    {
        AdminValidator.Check(request);
        var prefix = AdminValidator.Canonical(request.Prefix);
        await directory.ChangeAsync(
            draft => GrantRules.Remove(draft, NodeNames.Member(draft.State, request.Node), prefix), context.CancellationToken);
        return new RemoveGrantResponse();
    }

    public override Task<ListGrantsResponse> ListGrants(ListGrantsRequest request, ServerCallContext context)
    {
        var nodes = request.Node.Length == 0
            ? directory.State.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record)
            : [NodeNames.Member(directory.State, request.Node)];
        return Task.FromResult(new ListGrantsResponse
        {
            Grants = { nodes.SelectMany(node => node.Grants, (node, grant) => new GrantRecord { Node = node.HostName, Grant = grant.ToContract() }) },
        });
    }
}
