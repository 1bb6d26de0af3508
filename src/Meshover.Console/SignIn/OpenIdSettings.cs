using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Meshover.Console.UseCases;

namespace Meshover.Console.SignIn;

/// <summary>A provider of OpenID Connect by which people may sign in, beside tokens.</summary>
public sealed record OpenIdSettings
{
    /// <summary>The issuer; its discovery document is below it (OpenID Connect Discovery 1.0, section 4). https alone.</summary>
    public required Uri Authority { get; init; }
    public required string ClientId { get; init; }

    /// <summary>Null: a public client, by PKCE alone.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>What the button calls it.</summary>
    public required string Title { get; init; }

    /// <summary>Beside <c>openid</c>.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>The claim whose values say who may what, e.g. <c>groups</c>.</summary>
    public required string RoleClaim { get; init; }

    /// <summary>By value of that claim; of several the greatest role counts. Who has none of them does not get in.</summary>
    public required ImmutableArray<(string Value, Role Role)> Roles { get; init; }

    /// <summary>After so long somebody signs in again, and the provider says anew whether they may.</summary>
    public required TimeSpan SessionLifetime { get; init; }

    /// <summary>Whom to trust for the provider's certificate; empty: whom the machine trusts.</summary>
    public ImmutableArray<X509Certificate2> Authorities { get; init; } = [];
}
