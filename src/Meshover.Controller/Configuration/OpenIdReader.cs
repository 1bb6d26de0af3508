using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;

namespace Meshover.Controller.Configuration;

/// <summary>Checks and reads <c>console.openIdConnect</c>, with the files that it names.</summary>
internal static class OpenIdReader
{
    private const string Name = "console.openIdConnect";
    private const int LongestSecret = 4096;
    private const int DefaultHours = 12, MostHours = 24;

    /// <param name="config">Null: there is none.</param>
    /// <param name="violations">Gets a sentence for each.</param>
    /// <returns>Null where there is none, or violations.</returns>
    public static OpenIdSettings? Read(OpenIdConfig? config, ICollection<string> violations)
    {
        if (config is null)
            return null;
        var before = violations.Count;
        if (!Uri.TryCreate(config.Authority, UriKind.Absolute, out var authority) || authority.Scheme != Uri.UriSchemeHttps)
            violations.Add($"{Name}.authority: \"{config.Authority}\" is not the https address of a provider.");
        if (string.IsNullOrWhiteSpace(config.ClientId))
            violations.Add($"{Name}.clientId: is missing: the name under which the provider knows this console.");
        var roles = ReadRoles(config.Roles, violations);
        var secret = ReadSecret(config.ClientSecretFile, violations);
        var authorities = ReadAuthorities(config.Ca, violations);
        if (config.SessionHours is < 1 or > MostHours)
            violations.Add($"{Name}.sessionHours: {config.SessionHours} is not from 1 to {MostHours}: after so many hours people sign in again.");
        return violations.Count > before ? null : new OpenIdSettings
        {
            Authority = authority!,
            ClientId = config.ClientId!,
            ClientSecret = secret,
            Title = string.IsNullOrWhiteSpace(config.Title) ? authority!.Host : config.Title,
            Scopes = config.Scopes is { } scopes ? [.. scopes] : ["profile", "email"],
            RoleClaim = string.IsNullOrWhiteSpace(config.RoleClaim) ? "groups" : config.RoleClaim,
            Roles = roles,
            SessionLifetime = TimeSpan.FromHours(config.SessionHours ?? DefaultHours),
            Authorities = authorities,
        };
    }

    private static ImmutableArray<(string, Role)> ReadRoles(Dictionary<string, List<string>>? roles, ICollection<string> violations)
    {
        var read = ImmutableArray.CreateBuilder<(string, Role)>();
        foreach (var (name, values) in roles ?? [])
        {
            if (name is not ("viewer" or "operator" or "administrator"))
                violations.Add($"{Name}.roles: \"{name}\" is no role: viewer, operator or administrator.");
            else
                read.AddRange((values ?? []).Select(value => (value, Enum.Parse<Role>(name, ignoreCase: true))));
        }
        if (read.Count == 0 && roles?.Keys.All(name => name is "viewer" or "operator" or "administrator") != false)
            violations.Add($"{Name}.roles: nobody would get in: say which values of the claim give which role, such as `roles: {{administrator: [mesh-admins]}}`.");
        return read.ToImmutable();
    }

    private static string? ReadSecret(string? path, ICollection<string> violations)
    {
        if (path is null)
            return null;
        try
        {
            var secret = File.ReadAllText(path).Trim();
            if (secret.Length is > 0 and <= LongestSecret)
                return secret;
            violations.Add($"{Name}.clientSecretFile: {path} is empty, or holds more than a secret.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            violations.Add($"{Name}.clientSecretFile: {path} cannot be read ({e.Message})");
        }
        return null;
    }

    private static ImmutableArray<X509Certificate2> ReadAuthorities(string? path, ICollection<string> violations)
    {
        if (path is null)
            return [];
        try
        {
            var read = new X509Certificate2Collection();
            read.ImportFromPemFile(path);
            if (read.Count > 0)
                return [.. read];
            violations.Add($"{Name}.ca: {path} holds no certificate (PEM).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            violations.Add($"{Name}.ca: {path} cannot be read ({e.Message})");
        }
        return [];
    }
}
