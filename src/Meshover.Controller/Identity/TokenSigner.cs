using System.Security.Cryptography;
using Meshover.Controller.State;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Meshover.Controller.Identity;

/// <summary>
/// Signs JWTs (RFC 7519, ES256) with the mesh's signing key, and checks them with that and those before it. When a token is valid is the caller's business: an expired
/// credential still says whose it was, and clocks may differ.
/// </summary>
internal sealed class TokenSigner : IDisposable
{
    private readonly SigningCredentials _credentials;
    private readonly List<ECDsaSecurityKey> _keys;
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false, MapInboundClaims = false };

    public TokenSigner(SecretRecord secret)
    {
        var key = KeyOf(secret.SigningKeyId, secret.SigningKey);
        _credentials = new SigningCredentials(key, SecurityAlgorithms.EcdsaSha256);
        _keys = [key, .. secret.FormerKeys.Select(former => KeyOf(former.Id, former.PublicKey))];
    }

    /// <param name="audience">What the token is for; one made for another purpose does not pass.</param>
    /// <param name="claims">JSON values: strings, numbers, lists, dictionaries.</param>
    public string Sign(string audience, Dictionary<string, object> claims) =>
        _handler.CreateToken(new SecurityTokenDescriptor
        {
            Audience = audience,
            Claims = claims,
            SigningCredentials = _credentials,
        });

    /// <summary>The token, if this mesh signed it for this audience; else null.</summary>
    public async ValueTask<JsonWebToken?> VerifyAsync(string audience, string token)
    {
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = _keys,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidAudience = audience,
            ValidateIssuer = false,
            ValidateLifetime = false,
            RequireExpirationTime = true,
        });
        return result.IsValid ? result.SecurityToken as JsonWebToken : null;
    }

    public void Dispose() => _keys.ForEach(key => key.ECDsa.Dispose());

    private static ECDsaSecurityKey KeyOf(string id, string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new ECDsaSecurityKey(key) { KeyId = id };
    }
}
