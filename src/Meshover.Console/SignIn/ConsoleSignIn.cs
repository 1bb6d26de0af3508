using System.Security.Cryptography;
using Meshover.Console.UseCases;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meshover.Console.SignIn;

/// <summary>Signing in by a token, and out again; by a provider, see <see cref="OpenIdSignIn"/>. The session's cookie holds no more than the session's name.</summary>
public static partial class ConsoleSignIn
{
    public const string Scheme = "console";
    /// <summary>
    /// Signs in. Its handler has not read the request's cookie yet when the former session has ended, so that it begins another, under another name: the one that
    /// reads it would only put somebody else into the session that there is.
    /// </summary>
    internal const string BeginScheme = "console-begin";

    public const string SignInPath = "/sign-in";

    /// <summary>POST: signs in.</summary>
    public const string BeginPath = "/session";

    /// <summary>POST: signs out.</summary>
    public const string EndPath = "/session/end";

    private const int LongestForm = 8 * 1024;

    public static void AddSignIn(IServiceCollection services)
    {
        services.AddSingleton<Sessions>();
        services.AddSingleton<SignInPace>();
        services.AddSingleton<RequestPace>();
        services.AddAuthentication(Scheme).AddCookie(Scheme).AddCookie(BeginScheme);
        foreach (var scheme in new[] { Scheme, BeginScheme })
            services.AddOptions<CookieAuthenticationOptions>(scheme).Configure<Sessions, IDataProtectionProvider>(SetCookie);
        services.AddAuthorization();
        services.AddAntiforgery(forgery =>
        {
            forgery.Cookie.Name = "__Host-meshover-form";
            forgery.Cookie.SecurePolicy = CookieSecurePolicy.Always;
            forgery.Cookie.SameSite = SameSiteMode.Strict;
            // The policy says it for all pages (frame-ancestors).
            forgery.SuppressXFrameOptionsHeader = true;
        });
    }

    private static void SetCookie(CookieAuthenticationOptions cookie, Sessions sessions, IDataProtectionProvider protection)
    {
        // "__Host-": no other host, path or plain HTTP may set it (RFC 6265bis, 4.1.3.2).
        cookie.Cookie.Name = "__Host-meshover";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.Always;
        // Lax: a link that a colleague sent leads to the page and not to signing in.
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.LoginPath = SignInPath;
        cookie.AccessDeniedPath = SignInPath;
        cookie.ReturnUrlParameter = "to";
        cookie.ExpireTimeSpan = Sessions.Longest;
        cookie.SlidingExpiration = false;
        cookie.SessionStore = sessions;
        cookie.TicketDataFormat = new TicketDataFormat(protection.CreateProtector("Meshover.Console.Session"));
    }

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(BeginPath, (RequestDelegate)BeginAsync).AllowAnonymous();
        endpoints.MapPost(EndPath, (RequestDelegate)EndAsync).AllowAnonymous();
        OpenIdSignIn.Map(endpoints);
    }

    private static async Task BeginAsync(HttpContext context)
    {
        if (!await IsFormOfOursAsync(context))
            return;
        var services = context.RequestServices;
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Meshover.Console");
        var from = context.Connection.RemoteIpAddress;
        if (!services.GetRequiredService<SignInPace>().MayTry(from))
        {
            await TellToWaitAsync(context);
            return;
        }
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var to = LocalPath(form["to"]);
        var (holder, isAway) = await TakeAsync(services.GetRequiredService<ISignInTokens>(), $"{form["token"]}".Trim(), log, context.RequestAborted);
        // What is wrong with a token is told to nobody: who has a good one needs no hint.
        if (holder is null)
        {
            if (!isAway)
                LogRefused(log, from);
            context.Response.Redirect($"{SignInPath}?refused={(isAway ? "away" : "1")}&to={Uri.EscapeDataString(to)}");
            return;
        }
        if (ConsoleClaims.UserOf(context.User) is { } former)
            await services.GetRequiredService<Sessions>().RemoveAsync(former.Session);
        await BeginAsync(context, holder, services.GetRequiredService<TimeProvider>());
        LogSignedIn(log, holder.Name, holder.Role, from);
        context.Response.Redirect(to);
    }

    private static async Task<(TokenHolder? Holder, bool IsAway)> TakeAsync(ISignInTokens tokens, string token, ILogger log, CancellationToken cancel)
    {
        try
        {
            return (await tokens.TakeAsync(token, cancel), false);
        }
        catch (ConsoleRefusalException e)
        {
            LogUnknown(log, e.Message);
            return (null, true);
        }
    }

    private static Task BeginAsync(HttpContext context, TokenHolder holder, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var until = now + Sessions.Longest;
        // A new name for each, so that none that somebody else knows can become a good one.
        var principal = ConsoleClaims.Of(holder, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), AddressOf(context));
        return context.SignInAsync(BeginScheme, principal, new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = holder.Expires < until ? holder.Expires : until });
    }

    internal static Task TellToWaitAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = $"{SignInPace.OneMoreEach.TotalSeconds:0}";
        return context.Response.WriteAsync("Too many attempts to sign in from your address: wait a minute and try again.", context.RequestAborted);
    }

    internal static string AddressOf(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? $"{(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}" : "";

    private static async Task EndAsync(HttpContext context)
    {
        if (!await IsFormOfOursAsync(context))
            return;
        await context.SignOutAsync(Scheme);
        context.Response.Redirect($"{SignInPath}?ended=1");
    }

    // A form that this console gave out to this browser, and no other site's.
    private static async Task<bool> IsFormOfOursAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not <= LongestForm || !context.Request.HasFormContentType)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return false;
        }
        if (await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context))
            return true;
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        await context.Response.WriteAsync("This form is too old, or not from this console. Go back, load the page anew, and try again.", context.RequestAborted);
        return false;
    }

    /// <summary>A path of the console, and never a way to another site.</summary>
    internal static string LocalPath(string? path) =>
        path is ['/', ..] and not (['/', '/', ..] or ['/', '\\', ..]) && !path.Any(char.IsControl) && !path.StartsWith(SignInPath, StringComparison.OrdinalIgnoreCase) ? path : "/";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Signing in to the console from {From} was refused: the token is unknown, used up, revoked or too old")]
    private static partial void LogRefused(ILogger logger, System.Net.IPAddress? from);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody can sign in by a token now, as it cannot be asked whose it is: {Reason}")]
    private static partial void LogUnknown(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Name} signed in to the console as {Role} from {From}")]
    private static partial void LogSignedIn(ILogger logger, string name, Role role, System.Net.IPAddress? from);
}
