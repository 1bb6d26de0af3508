using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Meshover.Console.UseCases;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Meshover.Console.SignIn;

/// <summary>
/// Signing in at a provider of OpenID Connect (Core 1.0, section 3.1: authorization code, with PKCE, state and nonce). What comes of it is a session like any
/// other: of the provider's tokens nothing is kept.
/// </summary>
internal static partial class OpenIdSignIn
{
    /// <summary>GET: leads to the provider.</summary>
    public const string BeginPath = "/session/openid";

    /// <summary>GET: where the provider leads back to.</summary>
    public const string ReturnPath = "/session/openid/return";

    /// <summary>What began at a provider has no token of the controller's.</summary>
    public const string Mark = "openid:";

    private const string Scheme = "openid";
    private const string Logger = "Meshover.Console";
    private const string UserName = "preferred_username";
    private const int LongestName = 63;
    private const int ShownOfSubject = 8;
    private static readonly TimeSpan ProviderPatience = TimeSpan.FromSeconds(10);

    public static void Add(IServiceCollection services, OpenIdSettings settings)
    {
        services.AddSingleton(settings);
        services.AddAuthentication().AddOpenIdConnect(Scheme, options => Configure(options, settings));
    }

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(BeginPath, (RequestDelegate)BeginAsync).AllowAnonymous();
        // The scheme's handler answers it before it gets here, unless there is no provider.
        endpoints.MapGet(ReturnPath, context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }).AllowAnonymous();
    }

    /// <summary>The greatest role that the claims give; null: none.</summary>
    internal static Role? RoleOf(ClaimsPrincipal principal, OpenIdSettings settings)
    {
        var held = principal.FindAll(settings.RoleClaim).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal);
        var roles = settings.Roles.Where(role => held.Contains(role.Value)).Select(role => role.Role).ToList();
        return roles.Count == 0 ? null : roles.Max();
    }

    /// <summary>
    /// As the audit is to have it: never a name that a token of the controller's may have, and with a mark of the subject, as people may change their names at many
    /// providers (Core 1.0, section 5.7).
    /// </summary>
    internal static string NameOf(ClaimsPrincipal principal, OpenIdSettings settings)
    {
        var said = principal.FindFirstValue(UserName) ?? principal.FindFirstValue("email") ?? principal.FindFirstValue("sub") ?? "somebody";
        var name = string.Concat(said.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '@' ? c : '_'));
        name = name.Length > LongestName ? name[..LongestName] : name;
        var subject = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(principal.FindFirstValue("sub") ?? "")))[..ShownOfSubject];
        return $"{name} ({settings.Authority.Host} {subject})";
    }

    private static void Configure(OpenIdConnectOptions options, OpenIdSettings settings)
    {
        options.Authority = settings.Authority.ToString();
        options.ClientId = settings.ClientId;
        options.ClientSecret = settings.ClientSecret;
        options.SignInScheme = ConsoleSignIn.BeginScheme;
        options.ResponseType = OpenIdConnectResponseType.Code;
        // By the address, not by a form of another site's: what such a form sends is refused, and has no cookies.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.UsePkce = true;
        options.CallbackPath = ReturnPath;
        // Only codes are taken; these are the handler's own paths for what is not done here.
        options.RemoteSignOutPath = default;
        options.SignedOutCallbackPath = "/session/openid/ended";
        options.MapInboundClaims = false;
        options.GetClaimsFromUserInfoEndpoint = true;
        // Groups are a list, of which each is a claim of its own; most providers tell them at userinfo alone.
        options.ClaimActions.MapJsonKey(settings.RoleClaim, settings.RoleClaim);
        options.ClaimActions.MapUniqueJsonKey(UserName, UserName);
        options.SaveTokens = false;
        options.Scope.Clear();
        foreach (var scope in settings.Scopes.Prepend("openid").Distinct(StringComparer.Ordinal))
            options.Scope.Add(scope);
        // Set before the provider, which is another site, leads back; a navigation brings them.
        foreach (var (cookie, name) in new[] { (options.CorrelationCookie, "__Secure-meshover-state."), (options.NonceCookie, "__Secure-meshover-nonce.") })
            (cookie.Name, cookie.SameSite, cookie.SecurePolicy) = (name, SameSiteMode.Lax, CookieSecurePolicy.Always);
        options.BackchannelTimeout = ProviderPatience;
        if (!settings.Authorities.IsEmpty)
            options.BackchannelHttpHandler = Trusting(settings.Authorities);
        options.Events.OnMessageReceived = LimitAsync;
        options.Events.OnTicketReceived = context => TakeAsync(context, settings);
        options.Events.OnRemoteFailure = context =>
        {
            LogFailed(LoggerOf(context.HttpContext), ConsoleSignIn.AddressOf(context.HttpContext), context.Failure?.GetBaseException().Message ?? "it gave no reason");
            context.Response.Redirect($"{ConsoleSignIn.SignInPath}?refused=provider");
            context.HandleResponse();
            return Task.CompletedTask;
        };
    }

    private static SocketsHttpHandler Trusting(IEnumerable<X509Certificate2> authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        foreach (var authority in authorities)
            policy.CustomTrustStore.Add(authority);
        return new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } };
    }

    // Each answer costs the provider a question of ours.
    private static async Task LimitAsync(MessageReceivedContext context)
    {
        if (context.HttpContext.RequestServices.GetRequiredService<SignInPace>().MayTry(context.HttpContext.Connection.RemoteIpAddress))
            return;
        await ConsoleSignIn.TellToWaitAsync(context.HttpContext);
        context.HandleResponse();
    }

    private static async Task BeginAsync(HttpContext context)
    {
        var services = context.RequestServices;
        if (services.GetService<OpenIdSettings>() is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        // Another site's page neither begins it nor uses up its viewer's tries (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header).
        if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site")
        {
            context.Response.Redirect($"{ConsoleSignIn.SignInPath}?to={Uri.EscapeDataString(ConsoleSignIn.LocalPath(context.Request.Query["to"]))}");
            return;
        }
        if (!services.GetRequiredService<SignInPace>().MayTry(context.Connection.RemoteIpAddress))
        {
            await ConsoleSignIn.TellToWaitAsync(context);
            return;
        }
        try
        {
            await context.ChallengeAsync(Scheme, new AuthenticationProperties { RedirectUri = ConsoleSignIn.LocalPath(context.Request.Query["to"]) });
        }
        catch (Exception e) when (e is InvalidOperationException or HttpRequestException or IOException or TaskCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            LogUnreached(LoggerOf(context), services.GetRequiredService<OpenIdSettings>().Authority, e.GetBaseException().Message);
            context.Response.Redirect($"{ConsoleSignIn.SignInPath}?refused=provider");
        }
    }

    /// <summary>The provider has said who it is: what they may the settings say.</summary>
    private static async Task TakeAsync(TicketReceivedContext context, OpenIdSettings settings)
    {
        var (http, principal) = (context.HttpContext, context.Principal ?? new ClaimsPrincipal());
        var log = LoggerOf(http);
        var (name, from) = (NameOf(principal, settings), ConsoleSignIn.AddressOf(http));
        if (principal.FindFirstValue("sub") is not { Length: > 0 } subject || RoleOf(principal, settings) is not { } role)
        {
            LogNoRole(log, name, from, settings.RoleClaim);
            context.Response.Redirect($"{ConsoleSignIn.SignInPath}?refused=role");
            context.HandleResponse();
            return;
        }
        if (ConsoleClaims.UserOf((await http.AuthenticateAsync(ConsoleSignIn.Scheme)).Principal ?? new ClaimsPrincipal()) is { } former)
            await http.RequestServices.GetRequiredService<Sessions>().RemoveAsync(former.Session);
        var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        context.Principal = ConsoleClaims.Of(new TokenHolder($"{Mark}{subject}", name, role, null), session, from);
        context.Properties = new AuthenticationProperties { RedirectUri = context.ReturnUri, IssuedUtc = now, ExpiresUtc = now + settings.SessionLifetime };
        LogSignedIn(log, name, subject, role, from);
    }

    private static ILogger LoggerOf(HttpContext context) => context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(Logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name} (subject {Subject}) signed in to the console as {Role} from {From}")]
    private static partial void LogSignedIn(ILogger logger, string name, string subject, Role role, string from);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Name} has signed in at the provider from {From}, but no value of the claim \"{Claim}\" gives a role in the console")]
    private static partial void LogNoRole(ILogger logger, string name, string from, string claim);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Signing in at the provider from {From} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string from, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The provider {Authority} cannot be asked, so nobody can sign in by it: {Reason}")]
    private static partial void LogUnreached(ILogger logger, Uri authority, string reason);
}
