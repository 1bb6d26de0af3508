using System.Collections.Immutable;
using Meshover.Agent.Trust;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;

namespace Meshover.Agent.ControllerLink;

/// <summary>From a controller's answer to the identity of a member.</summary>
internal static class EnrolmentAnswer
{
    /// <exception cref="FormatException">The answer lacks something, or something in it cannot be understood.</exception>
    /// <exception cref="OverflowException">A number in it is too large.</exception>
    public static NodeIdentity Accept(EnrollResponse response, NodeIdentity identity, JoinString join)
    {
        var node = WireFormat.ToOwnNode(response.Node, identity.WireGuardPublicKey);
        if (response is not { Settings: { } settings, Credential: { Jwt.Length: > 0 } credential })
            throw new FormatException("It has no credential or no settings of the mesh in it.");
        return identity with
        {
            HostName = node.HostName,
            Controllers = Known(settings.Controllers, join.Controllers),
            CaPins = Known(settings.CaPins, join.CaPins),
            Credential = credential.Jwt,
            CredentialExpires = credential.ExpiresUnix,
            Numbers = new NodeNumbers(node.Id, node.Address4, node.Address6, node.TunnelAddress, node.Asn),
        };
    }

    /// <summary>The join string's, which worked just now, stay in the list.</summary>
    private static ImmutableArray<string> Known(IEnumerable<string> told, ImmutableArray<string> joined) => [.. told.Union(joined, StringComparer.Ordinal)];
}
