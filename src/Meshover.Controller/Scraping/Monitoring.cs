using System.Net.Mime;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Graphs;
using Meshover.Controller.Live;
using Meshover.Controller.Streaming;
using Meshover.Metrics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Meshover.Controller.Scraping;

/// <summary>
/// What is read of the mesh by plain HTTP: <c>/metrics</c> for Prometheus, and <c>/api/graph/…</c> with <c>/api/health</c> for Grafana's node graph. Each page
/// is made at most once a second, whoever asks how often; nothing can be changed here.
/// </summary>
internal sealed class Monitoring
{
    // Bytes a second, after some seconds: whoever reads more slowly is no scraper.
    private static readonly MinDataRate LeastRate = new(16 * 1024, TimeSpan.FromSeconds(5));

    private readonly CachedPage _metrics;
    private readonly CachedPage _graph;
    private readonly ReadOnlyMemory<byte> _fields = GraphJson.Fields();
    private readonly ReadOnlyMemory<byte> _health = "{\"status\":\"ok\"}"u8.ToArray();

    public Monitoring(MeshDirectory directory, LiveNodes live, MapBroadcaster maps, MeterReader meters, ControllerPaths paths, MeshCheck check, TimeProvider time)
    {
        Sight Look() => new(directory.State, live.State, live.Clock.Now, time.GetUtcNow(), maps.Current.Spread.Length, SizeOf(paths.Store));
        _metrics = new CachedPage(() => ControllerPage.Build(Look(), meters, check.Last).Written, time);
        _graph = new CachedPage(() => GraphJson.Data(MeshGraph.Of(directory.State, live.State, live.Clock.Now), time.GetUtcNow()), time);
    }

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("");
        Serve(group, "/metrics", ExpositionWriter.ContentType, monitoring => monitoring._metrics.Get());
        Serve(group, "/api/graph/fields", MediaTypeNames.Application.Json, monitoring => monitoring._fields);
        Serve(group, "/api/graph/data", MediaTypeNames.Application.Json, monitoring => monitoring._graph.Get());
        Serve(group, "/api/health", MediaTypeNames.Application.Json, monitoring => monitoring._health);
        return group;
    }

    private static void Serve(RouteGroupBuilder group, string path, string type, Func<Monitoring, ReadOnlyMemory<byte>> page) =>
        group.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], (RequestDelegate)(context => WriteAsync(context, type, page)));

    private static async Task WriteAsync(HttpContext context, string type, Func<Monitoring, ReadOnlyMemory<byte>> page)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
        {
            // Nothing that is asked for here has one: it is not read, and the connection ends.
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            context.Response.Headers.Connection = "close";
            return;
        }
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = LeastRate;
        var content = page(context.RequestServices.GetRequiredService<Monitoring>());
        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        if (HttpMethods.IsGet(context.Request.Method))
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    // With what SQLite keeps beside it.
    private static long SizeOf(string store) =>
        new[] { store, $"{store}-wal" }.Sum(path => new FileInfo(path) is { Exists: true } file ? file.Length : 0);
}
