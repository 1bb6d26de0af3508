using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Meshover.Controller.Membership;
using Meshover.Controller.Stores;
using GrpcStatus = Google.Rpc.Status;
using Status = Grpc.Core.Status;

namespace Meshover.Controller.Api;

/// <summary>Turns what the domain throws into gRPC statuses, and logs what nobody expected.</summary>
internal sealed partial class ErrorInterceptor(ILogger<ErrorInterceptor> log, TimeProvider time) : Interceptor
{
    private readonly LogPace _refusals = new(time, atOnce: 100, every: TimeSpan.FromSeconds(1));

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw Translate(e, context);
        }
    }

    private RpcException Translate(Exception e, ServerCallContext context)
    {
        if (ReasonOf(e) is { } reason)
            ControllerMeter.Refuse(reason);
        switch (e)
        {
            case RefusalException refusal:
                if (_refusals.TryPass(out var held))
                    LogRefused(log, context.Method, context.Peer, refusal.Message, held);
                return new RpcException(new Status(CodeOf(refusal.Reason), refusal.Message));
            case InvalidRequestException invalid:
                return ToStatus(invalid).ToRpcException();
            case OperationCanceledException or IOException when context.CancellationToken.IsCancellationRequested || e is IOException:
                return new RpcException(new Status(StatusCode.Cancelled, "The caller went away."));
            case OperationCanceledException:
                return new RpcException(new Status(StatusCode.Unavailable, "The controller is stopping."));
            case StoreException store:
                return new RpcException(new Status(StatusCode.Unavailable, store.Message));
            default:
                LogUnexpected(log, e, context.Method);
                return new RpcException(new Status(StatusCode.Internal, "The controller failed; its log says why."));
        }
    }

    /// <summary>INVALID_ARGUMENT with <c>google.rpc.BadRequest</c>.</summary>
    internal static GrpcStatus ToStatus(InvalidRequestException invalid)
    {
        var details = new BadRequest
        {
            FieldViolations = { invalid.Violations.Select(violation => new BadRequest.Types.FieldViolation { Field = violation.Field, Description = violation.Text }) },
        };
        return new GrpcStatus { Code = (int)Code.InvalidArgument, Message = invalid.Message, Details = { Any.Pack(details) } };
    }

    // For the metrics; of a fixed number. Null: nothing was refused.
    private static string? ReasonOf(Exception e) => e switch
    {
        RefusalException refusal => refusal.Reason switch
        {
            RefusalReason.NotAdmitted => "not-admitted",
            RefusalReason.IdentityRefused => "identity-refused",
            RefusalReason.Taken => "taken",
            RefusalReason.PoolExhausted => "pool-exhausted",
            RefusalReason.NotFound => "not-found",
            RefusalReason.Unanswered => "unanswered",
            _ => "precondition",
        },
        InvalidRequestException => "invalid",
        _ => null,
    };

    private static StatusCode CodeOf(RefusalReason reason) => reason switch
    {
        RefusalReason.NotAdmitted => StatusCode.Unauthenticated,
        RefusalReason.IdentityRefused => StatusCode.PermissionDenied,
        RefusalReason.Taken => StatusCode.AlreadyExists,
        RefusalReason.PoolExhausted => StatusCode.ResourceExhausted,
        RefusalReason.NotFound => StatusCode.NotFound,
        RefusalReason.Unanswered => StatusCode.Unavailable,
        _ => StatusCode.FailedPrecondition,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} from {Peer} refused: {Reason} (and {Held} more, not logged)")]
    private static partial void LogRefused(ILogger logger, string method, string peer, string reason, long held);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} failed")]
    private static partial void LogUnexpected(ILogger logger, Exception exception, string method);
}
