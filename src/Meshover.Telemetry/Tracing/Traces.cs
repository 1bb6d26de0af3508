using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Meshover.Telemetry.Tracing;

/// <summary>
/// Traces of the calls of the control plane (OpenTelemetry), to a collector that speaks OTLP by HTTP. Off unless somebody names one: without a listener no span is
/// made, and a call costs a comparison. Spans are sent in batches by a thread of the library's; a collector that is away costs at most 2,048 of them in memory, and
/// no call waits for it.
/// </summary>
public static class Traces
{
    /// <summary>Of all spans of ours.</summary>
    public const string SourceName = "Meshover";

    public static readonly ActivitySource Source = new(SourceName);

    private const string Path = "v1/traces";

    /// <summary>Sends spans from now on, until what is returned is disposed.</summary>
    /// <param name="collector">Such as <c>http://192.0.2.1:4318</c>; null: nothing is traced.</param>
    /// <param name="service">Who it is: <c>meshover-agent</c>.</param>
    /// <param name="version">Its release.</param>
    /// <param name="instance">Which of them: the node's name.</param>
    public static IDisposable? Start(Uri? collector, string service, string version, string instance) => collector is null ? null : new Sender(Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(resource => resource.AddService(service, serviceVersion: version, serviceInstanceId: instance))
        .AddSource(SourceName)
        // ASP.NET Core makes an activity of each request that nobody records; by default what is below it would not be recorded either.
        .SetSampler(new AlwaysOnSampler())
        .AddOtlpExporter(otlp =>
        {
            otlp.Endpoint = new Uri(collector.AbsoluteUri.EndsWith('/') ? collector : new Uri($"{collector.AbsoluteUri}/"), Path);
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
            otlp.TimeoutMilliseconds = 5_000;
        })
        .Build());

    /// <summary>A collector that does not answer must not hold up the end of a program for long.</summary>
    private sealed class Sender(TracerProvider provider) : IDisposable
    {
        private const int MostAtTheEnd = 1_000; // milliseconds

        public void Dispose()
        {
            provider.Shutdown(MostAtTheEnd);
            provider.Dispose();
        }
    }

    /// <summary>A span of a call by gRPC, with what OpenTelemetry's conventions for RPC say of it; null: nobody wants one.</summary>
    /// <param name="method">With its service, as gRPC has it: <c>/meshover.v1.MeshService/Enroll</c>.</param>
    /// <param name="kind">Which end of it this is.</param>
    /// <param name="traceParent">Of the caller (W3C Trace Context); null: a client's is in the span that is current, a server's begins here.</param>
    public static Activity? Call(string method, ActivityKind kind, string? traceParent = null)
    {
        if (!Source.HasListeners())
            return null;
        if (kind == ActivityKind.Server)
            Activity.Current = null; // ASP.NET Core's, which is sent nowhere
        var parent = traceParent is not null && ActivityContext.TryParse(traceParent, null, isRemote: true, out var remote) ? remote : default;
        var activity = Source.StartActivity(method.TrimStart('/'), kind, parent);
        activity?.SetTag("rpc.system", "grpc");
        if (method.TrimStart('/').Split('/') is [var service, var name])
            activity?.SetTag("rpc.service", service).SetTag("rpc.method", name);
        return activity;
    }

    /// <summary>A span of something that a program does for a call, or by itself; null: nobody wants one.</summary>
    /// <param name="name">What it does.</param>
    /// <param name="kind">Of it.</param>
    public static Activity? Step(string name, ActivityKind kind = ActivityKind.Internal)
    {
        if (!Source.HasListeners())
            return null;
        if (Activity.Current is not { } current || current.Source == Source)
            return Source.StartActivity(name, kind);
        // ASP.NET Core's, of a stream: it is sent nowhere, so what hangs on it hangs on whoever called.
        Activity.Current = null;
        return ActivityContext.TryParse(current.ParentId, null, isRemote: true, out var caller) ? Source.StartActivity(name, kind, caller) : Source.StartActivity(name, kind);
    }

    /// <summary>How the call ended.</summary>
    /// <param name="activity">Its span.</param>
    /// <param name="code">gRPC's number; 0 is well.</param>
    /// <param name="words">Why it failed.</param>
    public static void End(Activity? activity, int code, string words = "")
    {
        if (activity is null)
            return;
        activity.SetTag("rpc.grpc.status_code", code);
        if (code != 0)
            activity.SetStatus(ActivityStatusCode.Error, words);
        activity.Dispose();
    }
}
