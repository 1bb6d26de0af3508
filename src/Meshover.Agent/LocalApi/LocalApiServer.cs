using System.Threading.Channels;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Announcing.Provided;
using Meshover.Agent.Configuration;
using Meshover.Agent.Draining;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.LocalApi;

/// <summary>Serves the local API on a Unix socket that only root may open.</summary>
internal sealed class LocalApiServer : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly WebApplication _app;
    private readonly string _socketPath;

    private LocalApiServer(WebApplication app, string socketPath) => (_app, _socketPath) = (app, socketPath);

    /// <exception cref="AgentException">The socket cannot be made.</exception>
    public static async Task<LocalApiServer> StartAsync(
        string socketPath, StatusSource source, ConfigReload reload, FrrPreview frr, AnnouncementDesk desk, ProviderTable providers, DrainKeeper drain, ChannelWriter<AgentInput> inputs, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        // Its content root is watched with all below it; by default that is the working directory, which for a daemon is "/".
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddSingleton(source);
        builder.Services.AddSingleton(reload);
        builder.Services.AddSingleton(frr);
        builder.Services.AddSingleton(desk);
        builder.Services.AddSingleton(new ProviderCalls(providers));
        builder.Services.AddSingleton(drain);
        builder.Services.AddSingleton(inputs);
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socketPath, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.MapGrpcService<LocalApiService>();
        try
        {
            // Left by an agent that was killed; that none runs is known by its lock.
            File.Delete(socketPath);
            await app.StartAsync(cancellationToken);
            File.SetUnixFileMode(socketPath, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await app.DisposeAsync();
            throw new AgentException($"Cannot serve the local API on {socketPath}: {e.Message}", e);
        }
        return new LocalApiServer(app, socketPath);
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        File.Delete(_socketPath);
    }
}
