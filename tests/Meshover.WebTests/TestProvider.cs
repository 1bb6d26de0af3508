using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Meshover.Lab.Machines;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Meshover.WebTests;

/// <summary>
/// A provider of OpenID Connect in a machine of the lab: OpenIddict's server, which does discovery, keys, codes, PKCE and tokens by the standard; this adds who its one
/// client is, and lets anybody in under the name that they type. A name's groups are what stands behind its dot ("ann.mesh-admins").
/// </summary>
internal sealed class TestProvider : IAsyncDisposable
{
    public const string ClientId = "meshover-console";
    public const string ClientSecret = "s3cret-of-the-client";
    private const int Port = 9443;
    private const string ReturnPath = "/session/openid/return";
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;
    private readonly HttpClient _client;

    private TestProvider(WebApplication app, X509Certificate2 certificate, HttpClient client, string address) => (_app, _certificate, _client, Address) = (app, certificate, client, address);

    /// <summary>The issuer.</summary>
    public string Address { get; }

    /// <summary>Whom to trust for it, PEM.</summary>
    public string Authority => _certificate.ExportCertificatePem();

    public static async Task<TestProvider> StartAsync(Machine machine, IPAddress at, string console)
    {
        var certificate = MakeCertificate(at);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        var socket = machine.InNetwork(() => Listen(at));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenHandle((ulong)socket.Handle, listen => listen.UseHttps(certificate)));
        builder.Services.AddSingleton(socket);
        builder.Services.AddOpenIddict().AddServer(server => Configure(server, console));
        var app = builder.Build();
        app.UseAuthentication();
        app.MapGet("/authorize", AuthorizeAsync);
        await app.StartAsync();
        var provider = new TestProvider(app, certificate, ClientIn(machine, at), $"https://{at}:{Port}/");
        await provider.WarmUpAsync();
        return provider;
    }

    /// <summary>Where the provider leads somebody's browser after they have said who they are.</summary>
    /// <param name="asked">The address at which it asks them.</param>
    /// <param name="user">What they say.</param>
    public async Task<string> AnswerAsync(string asked, string user)
    {
        using var answer = await _client.GetAsync(new Uri($"{asked}&user={Uri.EscapeDataString(user)}"));
        return $"{answer.Headers.Location}";
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    private static void Configure(OpenIddictServerBuilder server, string console)
    {
        server.EnableDegradedMode();
        server.SetAuthorizationEndpointUris("authorize").SetTokenEndpointUris("token").SetUserInfoEndpointUris("userinfo");
        server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
        server.RegisterScopes(Scopes.OpenId, Scopes.Profile, Scopes.Email);
        server.RegisterClaims("groups", Claims.PreferredUsername);
        server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
        server.UseAspNetCore().EnableAuthorizationEndpointPassthrough();
        server.AddEventHandler<OpenIddictServerEvents.ValidateAuthorizationRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            if (context.ClientId != ClientId)
                context.Reject(Errors.InvalidClient, "This client is not known.");
            else if (context.RedirectUri != console + ReturnPath)
                context.Reject(Errors.InvalidRequest, "That is no address of the client's.");
            return default;
        }));
        server.AddEventHandler<OpenIddictServerEvents.ValidateTokenRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            if (context.ClientId != ClientId || context.ClientSecret != ClientSecret)
                context.Reject(Errors.InvalidClient, "Its secret is another.");
            return default;
        }));
        server.AddEventHandler<OpenIddictServerEvents.HandleUserInfoRequestContext>(handler => handler.UseInlineHandler(context =>
        {
            context.Subject = context.AccessTokenPrincipal?.GetClaim(Claims.Subject);
            if (context.AccessTokenPrincipal?.GetClaims("groups") is { IsDefaultOrEmpty: false } groups)
                context.Claims["groups"] = new OpenIddictParameter([.. groups.Select(group => (string?)group)]);
            return default;
        }));
    }

    /// <summary>Asks for a name, and then gives a code for it.</summary>
    private static async Task AuthorizeAsync(HttpContext context)
    {
        var user = $"{context.Request.Query["user"]}";
        if (user.Length == 0)
        {
            context.Response.ContentType = "text/html";
            var asked = string.Concat(context.Request.Query.Select(pair => $"<input type=hidden name=\"{WebUtility.HtmlEncode(pair.Key)}\" value=\"{WebUtility.HtmlEncode($"{pair.Value}")}\">"));
            await context.Response.WriteAsync($"<!DOCTYPE html><title>Provider</title><form action=/authorize>{asked}<label>User <input name=user></label><button>Continue</button></form>", context.RequestAborted);
            return;
        }
        var identity = new ClaimsIdentity("provider", Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, $"id-of-{user}").SetClaim(Claims.PreferredUsername, user.Split('.')[0]);
        foreach (var group in user.Split('.').Skip(1))
            identity.AddClaim(new Claim("groups", group));
        identity.SetScopes(Scopes.OpenId, Scopes.Profile);
        // Of some at userinfo alone, as many providers do it.
        identity.SetDestinations(claim => claim.Type == "groups" && user.StartsWith("eve", StringComparison.Ordinal) ? [Destinations.AccessToken] : [Destinations.IdentityToken, Destinations.AccessToken]);
        await context.SignInAsync(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, new ClaimsPrincipal(identity));
    }

    /// <summary>Its first answer takes seconds on a machine that is busy, which is no fault of who asks.</summary>
    private async Task WarmUpAsync()
    {
        foreach (var path in new[] { ".well-known/openid-configuration", ".well-known/jwks" })
            (await _client.GetAsync(new Uri(Address + path))).EnsureSuccessStatusCode();
    }

    private static HttpClient ClientIn(Machine machine, IPAddress at) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectCallback = async (_, ct) =>
        {
            var socket = machine.InNetwork(() => new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
            await socket.ConnectAsync(at, Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
    })
    { Timeout = TimeSpan.FromMinutes(1) };

    private static Socket Listen(IPAddress at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(at, Port));
        socket.Listen(64);
        return socket;
    }

    private static X509Certificate2 MakeCertificate(IPAddress at)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=provider of the lab", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(at);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
