using Meshover.Contract.V1;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Api;

/// <summary>Issues credentials. Nothing is written down for it: a credential says itself which state of which store it was made from.</summary>
internal sealed class CredentialIssuer(MeshDirectory directory, TokenSigner signer, ControllerOptions options, TimeProvider time)
{
    public TimeSpan Lifetime => options.CredentialLifetime;

    /// <exception cref="RefusalException">The node is no member any more.</exception>
    public Credential Renew(uint node)
    {
        var state = directory.State;
        var member = state.Member(node) ?? throw new RefusalException(RefusalReason.IdentityRefused, $"Node {node} is not a member of the mesh any more.");
        return Sign(member.Record, state.Revision);
    }

    /// <param name="node">The member.</param>
    /// <param name="revision">The store's, at which it is one.</param>
    public Credential Sign(StoredNode node, long revision)
    {
        var now = time.GetUtcNow();
        var claims = new CredentialClaims
        {
            StoreId = directory.State.Mesh.StoreId,
            Revision = revision,
            Expires = (now + Lifetime).ToUnixTimeSeconds(),
            Node = node,
        };
        return new Credential
        {
            Jwt = Credentials.Sign(signer, claims, now.ToUnixTimeSeconds()),
            ExpiresUnix = claims.Expires,
            Issue = (ulong)now.ToUnixTimeMilliseconds(),
        };
    }
}
