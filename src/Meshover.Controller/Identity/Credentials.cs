using System.Globalization;
using System.Text.Json;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Meshover.Controller.Identity;

/// <summary>
/// A node's credential as JWT: short-lived, bound to the identity key by "cnf" (RFC 7800, RFC 8705 section 3.1: here the thumbprint is that
/// of the subject public key info), and complete enough to bring the node back after a restore.
/// </summary>
internal static class Credentials
{
    private const string Audience = "meshover-node";
    private const string Thumbprint = "x5t#S256";

    public static string Sign(TokenSigner signer, CredentialClaims claims, long now) => signer.Sign(Audience, new Dictionary<string, object>
    {
        ["sub"] = claims.Node.Id.ToString(CultureInfo.InvariantCulture),
        ["iat"] = now,
        ["exp"] = claims.Expires,
        ["cnf"] = new Dictionary<string, object> { [Thumbprint] = claims.Node.Identity },
        ["store"] = claims.StoreId,
        ["rev"] = claims.Revision,
        ["name"] = claims.Node.HostName,
        ["wg"] = claims.Node.WireGuardKeys[0],
        ["a4"] = claims.Node.Address4,
        ["a6"] = claims.Node.Address6,
        ["tun"] = claims.Node.TunnelAddress,
        ["asn"] = (long)claims.Node.Asn,
        ["tags"] = claims.Node.Tags.ToArray(),
        ["grants"] = claims.Node.Grants.Select(GrantText.Write).ToArray(),
        ["joined"] = claims.Node.Enrolled,
    });

    /// <summary>What the credential says, if this mesh signed it and it is bound to this identity; else null. It may have expired.</summary>
    public static async ValueTask<CredentialClaims?> ReadAsync(TokenSigner signer, string credential, string identity)
    {
        if (await signer.VerifyAsync(Audience, credential) is not { } jwt)
            return null;
        var bound = jwt.GetPayloadValue<JsonElement>("cnf").GetProperty(Thumbprint).GetString();
        return bound == identity ? Read(jwt, identity) : null;
    }

    private static CredentialClaims Read(JsonWebToken jwt, string identity) => new()
    {
        StoreId = jwt.GetPayloadValue<string>("store"),
        Revision = jwt.GetPayloadValue<long>("rev"),
        Expires = long.Parse(jwt.GetClaim("exp").Value, CultureInfo.InvariantCulture),
        Node = new StoredNode
        {
            Id = uint.Parse(jwt.Subject, CultureInfo.InvariantCulture),
            HostName = jwt.GetPayloadValue<string>("name"),
            Identity = identity,
            WireGuardKeys = [jwt.GetPayloadValue<string>("wg")],
            Address4 = jwt.GetPayloadValue<string>("a4"),
            Address6 = jwt.GetPayloadValue<string>("a6"),
            TunnelAddress = jwt.GetPayloadValue<string>("tun"),
            Asn = (uint)jwt.GetPayloadValue<long>("asn"),
            Tags = [.. jwt.GetPayloadValue<string[]>("tags")],
            Grants = [.. jwt.GetPayloadValue<string[]>("grants").Select(GrantText.Read)],
            Enrolled = jwt.GetPayloadValue<long>("joined"),
        },
    };
}
