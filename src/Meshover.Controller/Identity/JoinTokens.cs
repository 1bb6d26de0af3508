using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Trust;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Meshover.Controller.Identity;

/// <summary>Join tokens as JWTs, and the join strings that carry them.</summary>
internal static class JoinTokens
{
    private const string Audience = "meshover-join";

    /// <summary>A name for a new token: 8 random bytes as hexadecimal.</summary>
    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public static string Sign(TokenSigner signer, JoinTokenClaims token) => signer.Sign(Audience, new Dictionary<string, object>
    {
        ["jti"] = token.Id,
        ["iat"] = token.Created,
        ["exp"] = token.Expires,
        ["uses"] = (long)token.Uses,
        ["tags"] = token.Tags.ToArray(),
        ["grants"] = token.Grants.Select(GrantText.Write).ToArray(),
        ["replace"] = token.Replace,
        ["hostnames"] = token.HostNames.ToArray(),
    });

    public static JoinString ToJoinString(MeshRecord mesh, string token) =>
        new() { Controllers = mesh.Controllers, CaPins = mesh.CaPins, Token = token };

    /// <exception cref="RefusalException">It is no join token of this mesh.</exception>
    public static async ValueTask<JoinTokenClaims> ReadAsync(TokenSigner signer, string token)
    {
        var jwt = await signer.VerifyAsync(Audience, token) ?? throw new RefusalException(RefusalReason.NotAdmitted,
            "The join string's token does not belong to this mesh, or was changed on the way. Copy the whole string, or ask an administrator for another "
            + "(`meshover token create`).");
        return new JoinTokenClaims
        {
            Id = jwt.Id,
            Created = long.Parse(jwt.GetClaim("iat").Value, CultureInfo.InvariantCulture),
            Expires = long.Parse(jwt.GetClaim("exp").Value, CultureInfo.InvariantCulture),
            Uses = (uint)jwt.GetPayloadValue<long>("uses"),
            Tags = [.. jwt.GetPayloadValue<string[]>("tags")],
            Grants = [.. jwt.GetPayloadValue<string[]>("grants").Select(GrantText.Read)],
            Replace = jwt.GetPayloadValue<bool>("replace"),
            // Tokens of former releases have none.
            HostNames = jwt.TryGetPayloadValue<string[]>("hostnames", out var names) ? [.. names] : [],
        };
    }
}
