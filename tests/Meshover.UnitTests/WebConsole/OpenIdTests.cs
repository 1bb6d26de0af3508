using System.Security.Claims;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Configuration;

namespace Meshover.UnitTests.WebConsole;

/// <summary>What a provider's claims give, and how its settings are read. That the dance with a provider works the web tests show.</summary>
public sealed class OpenIdTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-openid-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Role_IsTheGreatestThatAValueGives()
    {
        var settings = Read(Whole())!;
        Assert.Equal(Role.Administrator, OpenIdSignIn.RoleOf(Claims(("groups", "staff"), ("groups", "ops"), ("groups", "root")), settings));
        Assert.Equal(Role.Operator, OpenIdSignIn.RoleOf(Claims(("groups", "ops")), settings));
        // Another claim, another case, or a part of a value is nothing.
        Assert.Null(OpenIdSignIn.RoleOf(Claims(("roles", "root"), ("groups", "ROOT"), ("groups", "roots")), settings));
    }

    [Theory]
    [InlineData("ann", "ann (login.example 6b86b273)")]
    [InlineData("ann smith\r\nx", "ann_smith__x (login.example 6b86b273)")]
    public void Name_IsNoOneElses_AndOneLine(string said, string name) =>
        Assert.Equal(name, OpenIdSignIn.NameOf(Claims(("preferred_username", said), ("sub", "1")), Read(Whole())!));

    [Fact]
    public void Settings_HaveDefaultsThatFitMostProviders_AndTheSecretOfAFile()
    {
        var settings = Read(Whole())!;
        Assert.Equal(("login.example", "groups", "s3cret"), (settings.Title, settings.RoleClaim, settings.ClientSecret));
        Assert.Equal(["profile", "email"], settings.Scopes);
        Assert.Equal(TimeSpan.FromHours(12), settings.SessionLifetime);
        Assert.Equal(TimeSpan.FromHours(2), Read(Whole() with { SessionHours = 2 })!.SessionLifetime);
    }

    [Fact]
    public void Settings_ThatCannotWork_AreNamedAllAtOnce()
    {
        var violations = new List<string>();
        Assert.Null(OpenIdReader.Read(new OpenIdConfig { Authority = "http://login.example", ClientSecretFile = Path.Combine(_directory, "none"), Ca = Path.Combine(_directory, "none.pem"), Roles = new() { ["king"] = ["a"] }, SessionHours = 25 }, violations));
        Assert.Equal(
            ["authority", "clientId", "roles", "clientSecretFile", "ca", "sessionHours"],
            violations.Select(violation => violation.Split(':')[0].Split('.')[^1]));
        violations.Clear();
        Assert.Null(OpenIdReader.Read(Whole() with { Roles = null }, violations));
        Assert.Contains("nobody would get in", Assert.Single(violations), StringComparison.Ordinal);
    }

    private OpenIdConfig Whole()
    {
        var secret = Path.Combine(_directory, "secret");
        File.WriteAllText(secret, "s3cret\n");
        return new OpenIdConfig
        {
            Authority = "https://login.example/realms/home",
            ClientId = "meshover",
            ClientSecretFile = secret,
            Roles = new() { ["operator"] = ["ops"], ["administrator"] = ["root"] },
        };
    }

    private static OpenIdSettings? Read(OpenIdConfig config)
    {
        var violations = new List<string>();
        var settings = OpenIdReader.Read(config, violations);
        Assert.Empty(violations);
        return settings;
    }

    private static ClaimsPrincipal Claims(params (string Type, string Value)[] claims) => new(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value)), "test"));
}
