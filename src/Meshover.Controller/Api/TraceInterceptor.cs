using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Meshover.Telemetry.Tracing;

namespace Meshover.Controller.Api;

/// <summary>A span for each call that has an answer. A stream has none: it lasts for days, and what it does is calls and changes of their own.</summary>
internal sealed class TraceInterceptor : Interceptor
{
    private const string TraceParent = "traceparent"; // W3C Trace Context

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var activity = Traces.Call(context.Method, ActivityKind.Server, context.RequestHeaders.GetValue(TraceParent));
        try
        {
            var response = await continuation(request, context);
            Traces.End(activity, (int)StatusCode.OK);
            return response;
        }
        catch (RpcException e)
        {
            Traces.End(activity, (int)e.StatusCode, e.Status.Detail);
            throw;
        }
    }
}
