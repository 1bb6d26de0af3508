using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Meshover.Telemetry.Tracing;

namespace Meshover.Agent.ControllerLink;

/// <summary>A span for each call of the controller, which is told whose it is (W3C Trace Context). That of the stream ends when the controller has answered: the stream lasts.</summary>
internal sealed class CallTraces : Interceptor
{
    private const string TraceParent = "traceparent";

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var before = Activity.Current;
        if (Traces.Call(context.Method.FullName, ActivityKind.Client) is not { } activity)
            return continuation(request, context);
        try
        {
            var call = continuation(request, With(context, activity));
            return new AsyncUnaryCall<TResponse>(EndWithAsync(activity, call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
        }
        finally
        {
            Activity.Current = before; // what the caller does next is not part of it
        }
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var before = Activity.Current;
        if (Traces.Call(context.Method.FullName, ActivityKind.Client) is not { } activity)
            return continuation(context);
        try
        {
            var call = continuation(With(context, activity));
            return new AsyncDuplexStreamingCall<TRequest, TResponse>(
                call.RequestStream, call.ResponseStream, EndWithAsync(activity, call.ResponseHeadersAsync), call.GetStatus, call.GetTrailers, call.Dispose);
        }
        finally
        {
            Activity.Current = before;
        }
    }

    private static ClientInterceptorContext<TRequest, TResponse> With<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context, Activity activity)
        where TRequest : class
        where TResponse : class
    {
        var headers = new Metadata();
        foreach (var entry in context.Options.Headers ?? [])
            headers.Add(entry);
        headers.Add(TraceParent, activity.Id ?? "");
        return new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers));
    }

    private static async Task<T> EndWithAsync<T>(Activity activity, Task<T> answer)
    {
        try
        {
            var value = await answer.ConfigureAwait(false);
            Traces.End(activity, (int)StatusCode.OK);
            return value;
        }
        catch (RpcException e)
        {
            Traces.End(activity, (int)e.StatusCode, e.Status.Detail);
            throw;
        }
        catch (OperationCanceledException)
        {
            Traces.End(activity, (int)StatusCode.Cancelled);
            throw;
        }
    }
}
