using Meshover.Console.Live;
using Meshover.Console.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Meshover.Console.Hosting;

/// <summary>What browsers are told with each answer, and what is refused before anything looks at it.</summary>
internal sealed class BrowserRules(RequestDelegate next, CircuitCount circuits, RequestPace pace)
{
    /// <summary>No script, style or file but the console's own; nothing inline, not even a style attribute.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    private const string CircuitPath = "/_blazor";

    // Bytes a second, after some seconds.
    private static readonly MinDataRate LeastRate = new(240, TimeSpan.FromSeconds(5));

    public Task InvokeAsync(HttpContext context)
    {
        LimitPatience(context);
        if (!pace.MayTry(context.Connection.RemoteIpAddress))
            return RefuseAsync(context, StatusCodes.Status429TooManyRequests, "Too many requests from your address: wait a moment.");
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.StrictTransportSecurity = "max-age=31536000";
        headers.XContentTypeOptions = "nosniff";
        // Not no-referrer: with that a form would not say that it is ours (Origin: null).
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        if (!IsFromOurPages(context.Request))
            return RefuseAsync(context, StatusCodes.Status403Forbidden, "Another site's page may not ask this of the console.");
        if (BeginsCircuit(context.Request) && circuits.IsFull)
            return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, $"{CircuitCount.Most} pages of the console are open, which is as many as there may be. Close some.");
        return next(context);
    }

    private static bool BeginsCircuit(HttpRequest request) =>
        request.Path.StartsWithSegments(CircuitPath, StringComparison.OrdinalIgnoreCase, out var rest) && (rest == "/negotiate" || (!rest.HasValue && !request.Query.ContainsKey("id")));

    // For nodes the controller waits for ever, as they have shown a certificate; whoever is here may be anybody, and has no call that stays but a WebSocket.
    private static void LimitPatience(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
            return;
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } sent)
            sent.MinDataRate = LeastRate;
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } taken)
            taken.MinDataRate = LeastRate;
    }

    // Browsers say from whose page a request that changes something, or a WebSocket, comes (https://fetch.spec.whatwg.org/#origin-header).
    private static bool IsFromOurPages(HttpRequest request) =>
        request.Headers.Origin is not [{ } origin] || (Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Scheme == "https" && page.Authority == AuthorityOf(request));

    // The port of https is not written in an origin.
    private static string AuthorityOf(HttpRequest request) => Uri.TryCreate($"https://{request.Host.Value}", UriKind.Absolute, out var own) ? own.Authority : "";

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(why, context.RequestAborted);
    }
}
