using System.Net;
using Grpc.AspNetCore.Server.Model;
using Meshover.Console.Hosting;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Console;
using Meshover.Controller.Console.Apart;
using Meshover.Controller.Console.Past;
using Meshover.Controller.Console.Ways;
using Meshover.Controller.Events;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Scraping;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Meshover.Telemetry.Logging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace Meshover.Controller.Hosting;

/// <summary>Puts the running controller together: Kestrel with a door of TLS and one on this machine, and the groups of endpoints behind them.</summary>
internal static class ControllerHost
{
    // Half of the descriptors that a service of systemd may have; administration has its own count.
    private const int MostConnections = 32_768;

    // A node has one call that stays, and short ones beside it.
    private const int MostStreams = 16;

    public static WebApplication Build(
        MeshDirectory directory, SecretRecord secret, EndpointGroups groups, TlsSetup tls, ControllerOptions options, ControllerPaths paths)
    {
        var builder = Begin();
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, groups, tls, options, paths));
        AddServices(builder.Services, directory, secret, options, paths);
        var app = builder.Build();
        // Before the gate, which asks what routing found; else it would run after it.
        app.UseRouting();
        app.Use(groups.GuardAsync);
        app.UseWhen(context => context.GetEndpoint()?.Metadata.GetMetadata<EndpointGroup>() == EndpointGroup.Console, console => console.UseMeshConsole());
        groups.Map(app);
        return app;
    }

    /// <summary>What every program of ours has that serves: its log, systemd's word, and the console's files.</summary>
    public static WebApplicationBuilder Begin()
    {
        // Its content root is watched with all below it; by default that is the working directory, which for a daemon is "/".
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Logging.AddLines(toError: false, LogLevel.Information, "ErrorInterceptor.Refused");
        // What the console protects with its keys ends with the process, as they do: that they are written nowhere is meant so.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // Failed handshakes of scanners, and streams that end with their connection, are no news.
        builder.Logging.AddFilter("Grpc.AspNetCore.Server.ServerCallHandler", LogLevel.None);
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 })
            UseSystemd(builder);
        ConsoleFiles.Find(builder);
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder;
    }

    /// <summary>
    /// systemd is told when it serves (sd_notify(3)). The library's own way looks for systemd in /proc, which the unit hides (ProtectProc), and
    /// told it nothing.
    /// </summary>
    private static void UseSystemd(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        builder.Services.AddSingleton<IHostLifetime, SystemdLifetime>();
    }

    private static void AddServices(IServiceCollection services, MeshDirectory directory, SecretRecord secret, ControllerOptions options, ControllerPaths paths)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(directory);
        services.AddSingleton(options);
        services.AddSingleton(paths);
        services.AddSingleton(new MeterReader());
        services.AddSingleton<Scraping.Monitoring>();
        services.AddSingleton<MonitoringListener>();
        services.AddHostedService(provider => provider.GetRequiredService<MonitoringListener>());
        services.AddOptions<SocketTransportOptions>().Configure<MonitoringListener>((transport, monitoring) => transport.CreateBoundListenSocket = monitoring.Bind);
        services.AddSingleton(new TokenSigner(secret));
        services.AddSingleton<LiveNodes>();
        // The first of those that look at nodes: services start in this order.
        services.AddHostedService<LastKnownKeeper>();
        services.AddSingleton<Tokens>();
        services.AddSingleton<Nodes>();
        services.AddSingleton<NodeQueries>();
        services.AddSingleton<Grants>();
        services.AddSingleton<Addresses>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<MeshEvents>();
        services.AddSingleton<IWayAsker, NodeAsker>();
        services.AddSingleton<MeshCheck>();
        services.AddHostedService(provider => provider.GetRequiredService<MeshCheck>());
        services.AddSingleton<ConsoleTokens>();
        services.AddSingleton<MeshPicture>();
        services.AddSingleton<SeriesBook>();
        services.AddSingleton(provider => new MomentFile(paths.History, provider.GetRequiredService<ILogger<MomentFile>>()));
        services.AddHostedService<PastKeeper>();
        services.AddSingleton<IMeshPort, MeshPort>();
        services.AddSingleton<ISignInTokens, SignInTokens>();
        services.AddSingleton<PortPictures>();
        services.AddSingleton<ApartSessions>();
        services.AddSingleton<IConsoleSessions, SignedIn>();
        services.AddSingleton<ConsoleSessions>();
        services.AddMeshConsole(options.OpenId);
        services.AddSingleton<CredentialIssuer>();
        services.AddSingleton<MemberUpdates>();
        services.AddSingleton<MeshApi>();
        services.AddSingleton<MapBroadcaster>();
        services.AddHostedService(provider => provider.GetRequiredService<MapBroadcaster>());
        services.AddHostedService<TopologyKeeper>();
        services.AddHostedService<Housekeeping>();
        services.AddHostedService<Attention>();
        services.AddHostedService<EventKeeper>();
        services.AddHostedService<DirectoryGuard>();
        services.AddSingleton<IServiceMethodProvider<MeshApi>, MeshApiBinding>();
        services.AddSingleton<CallerLimits>(_ => new CallerLimits());
        services.AddSingleton<TraceInterceptor>();
        services.AddSingleton<ErrorInterceptor>();
        services.AddSingleton<LimitsInterceptor>();
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = Limits.LongestMessage;
            grpc.Interceptors.Add<TraceInterceptor>();
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.Interceptors.Add<LimitsInterceptor>();
        });
        // Open streams would otherwise hold a stop up for 30 s.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(3));
    }

    private static void ConfigureKestrel(
        KestrelServerOptions kestrel, EndpointGroups groups, TlsSetup tls, ControllerOptions options, ControllerPaths paths)
    {
        kestrel.AddServerHeader = false;
        // A peer that is gone without a word is noticed after 15 s at most; its node then shows as offline.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(5);
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.Http2.MaxStreamsPerConnection = MostStreams;
        // Of a connection without a call.
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
        // Streams are quiet most of the time.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Listen(EndPointOf(options), listen =>
        {
            listen.Protocols = groups.ProtocolsAt(Door.Network);
            listen.Use(CameBy.Mark(Door.Network));
            listen.Use(new ConnectionGuard(kestrel.ApplicationServices).Limit);
            listen.UseHttps(tls.ToHandshakeOptions());
            listen.Use(new BrowserDoor(groups).Limit);
        });
        kestrel.ListenUnixSocket(paths.AdminSocket, listen =>
        {
            listen.Protocols = groups.ProtocolsAt(Door.AdminSocket);
            listen.Use(CameBy.Mark(Door.AdminSocket));
        });
        kestrel.ApplicationServices.GetRequiredService<MonitoringListener>().Configure(kestrel, groups.ProtocolsAt(Door.Monitoring));
    }

    // [::] takes IPv4 too; a machine without IPv6 has only 0.0.0.0.
    private static IPEndPoint EndPointOf(ControllerOptions options) =>
        new(options.Listen ?? (System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any), options.Port);
}
