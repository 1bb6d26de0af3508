using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Meshover.Controller.Api;

/// <summary>Holds every call and every message to <see cref="CallerLimits"/> and <see cref="Limits"/> before anything is done with it.</summary>
internal sealed class LimitsInterceptor(CallerLimits callers) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context);
        Limits.Check((IMessage)request);
        return continuation(request, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Admit(context);
        return continuation(new LimitedReader<TRequest>(requestStream, callers, context.GetHttpContext().Connection.Id), responseStream, context);
    }

    // Not one of the answers that nodes take for a refusal: they try again by themselves.
    private void Admit(ServerCallContext context)
    {
        var source = Caller.SourceOf(context);
        if (callers.MayCall(source))
            return;
        ControllerMeter.Refuse("too-many");
        throw new RpcException(new Status(StatusCode.Unavailable, $"Too many calls come from {source}; try again in a moment."));
    }

    private sealed class LimitedReader<T>(IAsyncStreamReader<T> reader, CallerLimits callers, string connection) : IAsyncStreamReader<T>
    {
        public T Current => reader.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            await callers.PaceAsync(connection, cancellationToken);
            if (!await reader.MoveNext(cancellationToken))
                return false;
            Limits.Check((IMessage)reader.Current!);
            return true;
        }
    }
}
