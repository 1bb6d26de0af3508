using Meshover.Console.Components;
using Meshover.Console.Live;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meshover.Console.Hosting;

/// <summary>Puts the console into a program that serves HTTP. That brings an <see cref="IMeshPort"/> and an <see cref="ISignInTokens"/>.</summary>
public static class ConsoleHost
{
    /// <param name="services">Of that program.</param>
    /// <param name="provider">By which people may sign in beside tokens; null: by none.</param>
    public static IServiceCollection AddMeshConsole(this IServiceCollection services, OpenIdSettings? provider = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<NodeAnswers>();
        services.AddSingleton<PathAnswers>();
        services.AddSingleton<RouteAnswers>();
        services.AddSingleton<MomentAnswers>();
        services.AddSingleton<MeshConsole>();
        services.AddSingleton<LiveMesh>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveMesh>());
        services.AddSingleton<CircuitCount>();
        services.AddScoped<CircuitHandler, CountedCircuit>();
        // What it protects ends with the process, as sessions do; nothing is written.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        ConsoleSignIn.AddSignIn(services);
        if (provider is not null)
            OpenIdSignIn.Add(services, provider);
        services.AddCascadingAuthenticationState();
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // A page that lost its connection waits so long for its browser to come back.
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
            circuits.DisconnectedCircuitMaxRetained = 20;
            circuits.MaxBufferedUnacknowledgedRenderBatches = 4;
            circuits.JSInteropDefaultCallTimeout = TimeSpan.FromSeconds(10);
        });
        return services;
    }

    /// <summary>Checks before each request of the console, and what its answers say to browsers. After routing.</summary>
    public static void UseMeshConsole(this IApplicationBuilder app)
    {
        app.UseMiddleware<BrowserRules>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
    }

    /// <summary>Pages, the files that they load, and signing in. All but the files and signing in are for those who have signed in.</summary>
    /// <param name="endpoints">Where routing finds them.</param>
    /// <param name="assets">The manifest of the host's files; null: it has none.</param>
    public static IEndpointConventionBuilder MapMeshConsole(this IEndpointRouteBuilder endpoints, string? assets = null)
    {
        var group = endpoints.MapGroup("");
        if (assets is not null)
            group.MapStaticAssets(assets).AllowAnonymous();
        ConsoleSignIn.Map(group);
        var pages = group.MapRazorComponents<App>().AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null);
        if (assets is not null)
            pages.WithStaticAssets(assets);
        pages.RequireAuthorization();
        return group;
    }
}
