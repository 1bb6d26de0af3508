using Meshover.Console.Hosting;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Api;
using Meshover.Controller.Configuration;
using Meshover.Controller.Console.Apart;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Meshover.Controller.Hosting;

/// <summary>Puts a console together that runs apart: the same pages behind the same guards, over a port that asks a controller.</summary>
internal static class ApartHost
{
    /// <summary>What is served.</summary>
    public static readonly EndpointGroups Groups = new(EndpointGroup.Console);

    // The door lets as many browsers in; the rest are handshakes under way.
    private const int MostConnections = 2 * BrowserDoor.MostConnections;

    public static WebApplication Build(ApartOptions options, TlsSetup tls)
    {
        var builder = ControllerHost.Begin();
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, options, tls));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new PortClient(options.Socket, TimeProvider.System, ControllerVersion.Build));
        // The first of those that serve: services start in this order.
        builder.Services.AddSingleton<PictureKeeper>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<PictureKeeper>());
        builder.Services.AddSingleton<IMeshPort, RemoteMeshPort>();
        builder.Services.AddSingleton<ISignInTokens, RemoteSignInTokens>();
        builder.Services.AddMeshConsole(options.Served.OpenId);
        builder.Services.AddHostedService<SessionsReporter>();
        builder.Services.AddSingleton<CallerLimits>(_ => new CallerLimits());
        // Open pages would otherwise hold a stop up for 30 s.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(3));
        var app = builder.Build();
        app.UseRouting();
        app.Use(Groups.GuardAsync);
        app.UseMeshConsole();
        Groups.Map(app);
        return app;
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, ApartOptions options, TlsSetup tls)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        kestrel.Listen(options.Listen, listen =>
        {
            listen.Protocols = Groups.ProtocolsAt(Door.Network);
            listen.Use(CameBy.Mark(Door.Network));
            listen.Use(new ConnectionGuard(kestrel.ApplicationServices).Limit);
            listen.UseHttps(tls.ToHandshakeOptions());
            listen.Use(new BrowserDoor(Groups).Limit);
        });
    }
}
