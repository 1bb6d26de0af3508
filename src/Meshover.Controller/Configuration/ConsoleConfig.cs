namespace Meshover.Controller.Configuration;

/// <summary><c>console:</c> of <c>controller.yaml</c> and of <c>console.yaml</c>.</summary>
internal sealed record ConsoleConfig
{
    /// <summary>False: the controller serves no console itself, only one that runs apart does; default: true.</summary>
    public bool? BuiltIn { get; set; }

    /// <summary>A provider by which people may sign in beside tokens; default: none.</summary>
    public OpenIdConfig? OpenIdConnect { get; set; }
}

/// <summary><c>console.openIdConnect:</c>; what is to be read from files is read at the controller's start.</summary>
internal sealed record OpenIdConfig
{
    /// <summary>The issuer's address, https.</summary>
    public string? Authority { get; set; }

    public string? ClientId { get; set; }

    /// <summary>A file with the client's secret alone; default: none, a public client.</summary>
    public string? ClientSecretFile { get; set; }

    /// <summary>What the button calls it; default: the issuer's host.</summary>
    public string? Title { get; set; }

    /// <summary>Beside openid; default: profile and email.</summary>
    public List<string>? Scopes { get; set; }

    /// <summary>The claim that says who may what; default: groups.</summary>
    public string? RoleClaim { get; set; }

    /// <summary>Values of that claim, by role: viewer, operator, administrator.</summary>
    public Dictionary<string, List<string>>? Roles { get; set; }

    /// <summary>How many hours a session lasts that began there, 1-24; default 12.</summary>
    public int? SessionHours { get; set; }

    /// <summary>PEM of whom to trust for the provider's certificate; default: whom the machine trusts.</summary>
    public string? Ca { get; set; }
}
