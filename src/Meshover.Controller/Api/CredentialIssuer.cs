using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using NodeRecord = Meshover.Controller.State.NodeRecord;

namespace Meshover.Controller.Api;

/// <summary>Issues credentials. Their numbers only grow, and are durable before the credential leaves.</summary>
internal sealed class CredentialIssuer(MeshDirectory directory, TokenSigner signer, ControllerOptions options, TimeProvider time)
{
    public TimeSpan Lifetime => options.CredentialLifetime;

    /// <summary>Drafts the next number of a node's credential.</summary>
    public static ulong NextIssue(Draft draft, uint node)
    {
        var issue = (draft.State.Get<IssueRecord>(StoreKeys.Issue(node))?.Issue ?? 0) + 1;
        draft.Put(StoreKeys.Issue(node), new IssueRecord(issue));
        return issue;
    }

    /// <exception cref="RefusalException">The node is no member any more.</exception>
    public async Task<Credential> RenewAsync(uint node, CancellationToken cancel)
    {
        var issued = await directory.ChangeAsync(draft =>
        {
            var member = draft.State.Member(node) ?? throw new RefusalException(RefusalReason.IdentityRefused, $"Node {node} is no member of the mesh any more.");
            return (Node: member.Record, Issue: NextIssue(draft, node));
        }, cancel);
        return Sign(issued.Value.Node, issued.Value.Issue, issued.Revision);
    }

    /// <param name="node">The member.</param>
    /// <param name="issue">The credential's number, durable.</param>
    /// <param name="revision">The revision that made it so.</param>
    public Credential Sign(NodeRecord node, ulong issue, long revision)
    {
        var now = time.GetUtcNow();
        var claims = new CredentialClaims
        {
            StoreId = directory.State.Mesh.StoreId,
            Revision = revision,
            Issue = issue,
            Expires = (now + Lifetime).ToUnixTimeSeconds(),
            Node = node,
        };
        return new Credential
        {
            Jwt = Credentials.Sign(signer, claims, now.ToUnixTimeSeconds()),
            ExpiresUnix = claims.Expires,
            Issue = issue,
        };
    }
}
