using System.Net;
using System.Net.Sockets;
using Meshover.Agent.Trust;
using Meshover.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Scraping;

/// <summary>
/// Serves <c>GET /metrics</c> by plain HTTP. The agent has Kestrel for its local API; here it takes few connections, small requests and no slow ones
/// (docs/decisions/066). A port that is taken is tried again: the node does without metrics meanwhile, and says so.
/// </summary>
internal sealed partial class MetricsServer(IPEndPoint endpoint, Func<ReadOnlyMemory<byte>> make, ILoggerFactory loggers, TimeProvider time)
{
    private const string Path = "/metrics";

    /// <summary>A scraper has one connection; two that are redundant, and somebody who looks by hand.</summary>
    private const int MostConnections = 16;
    private const int LongestLine = 2 * 1024;
    private const int LongestHeaders = 8 * 1024;
    private const int MostHeaders = 40;

    /// <summary>Bytes a second, after some seconds: whoever reads more slowly is no scraper.</summary>
    private const double LeastRate = 4 * 1024;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(10);

    private readonly CachedPage _page = new(make, time);
    private readonly ILogger _log = loggers.CreateLogger<MetricsServer>();
    private volatile string _problem = "";

    /// <summary>What the node's operator should know, a sentence each.</summary>
    /// <param name="numbers">This node's addresses, which reach no further than the mesh.</param>
    public IEnumerable<string> Notices(NodeNumbers? numbers)
    {
        if (_problem.Length > 0)
            yield return _problem;
        var address = endpoint.Address;
        if (!IPAddress.IsLoopback(address) && !address.Equals(numbers?.Address4) && !address.Equals(numbers?.Address6))
        {
            yield return $"Metrics are served at {endpoint}, without encryption or a password, to whoever reaches it: "
                + "set metrics-listen to an address of loopback, or to this node's address in the mesh.";
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ServeAsync(cancellationToken);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                if (_problem.Length == 0)
                    LogNotServed(_log, endpoint, e.Message);
                _problem = $"Metrics are not served at {endpoint}: {e.Message} Stop what has that port, or change metrics-listen.";
            }
            await Task.Delay(RetryEvery, time, cancellationToken);
        }
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        await using var app = Build();
        await app.StartAsync(cancellationToken);
        _problem = "";
        await app.WaitForShutdownAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private WebApplication Build()
    {
        // As for the local API: its content root is watched with all below it.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton(loggers);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = at => ScrapeSocket.Bind((IPEndPoint)at));
        builder.WebHost.ConfigureKestrel(Limit);
        var app = builder.Build();
        app.Run(ServeAsync);
        return app;
    }

    private void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = MostConnections;
        limits.MaxRequestLineSize = LongestLine;
        limits.MaxRequestHeadersTotalSize = LongestHeaders;
        limits.MaxRequestHeaderCount = MostHeaders;
        limits.MaxRequestBodySize = 0;
        limits.RequestHeadersTimeout = Grace;
        limits.KeepAliveTimeout = Grace * 2;
        limits.MinResponseDataRate = new MinDataRate(LeastRate, Grace);
        kestrel.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private async Task ServeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (request.Path != Path)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = "GET, HEAD";
            return;
        }
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            // It is not read, and the connection ends.
            response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            response.Headers.Connection = "close";
            return;
        }
        var page = _page.Get();
        response.ContentType = ExpositionWriter.ContentType;
        response.ContentLength = page.Length;
        if (HttpMethods.IsGet(request.Method))
            await response.Body.WriteAsync(page, context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Metrics are not served at {Where}: {Reason}")]
    private static partial void LogNotServed(ILogger logger, IPEndPoint where, string reason);

    /// <summary>Signals are the agent's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
