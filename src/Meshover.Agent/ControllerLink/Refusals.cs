using Google.Rpc;
using Grpc.Core;
using StatusCode = Grpc.Core.StatusCode;

namespace Meshover.Agent.ControllerLink;

/// <summary>What a controller's refusal means, in words for the user.</summary>
internal static class Refusals
{
    /// <summary>A refusal will be the same at the next try; anything else may heal by itself.</summary>
    public static bool IsRefusal(RpcException error) => error.StatusCode is StatusCode.InvalidArgument or StatusCode.Unauthenticated
        or StatusCode.PermissionDenied or StatusCode.AlreadyExists or StatusCode.ResourceExhausted or StatusCode.FailedPrecondition
        or StatusCode.NotFound or StatusCode.Unimplemented;

    /// <summary>The reason, with every violation where the request was malformed.</summary>
    public static string Describe(RpcException error, string? trustRefusal)
    {
        if (trustRefusal is not null)
            return trustRefusal;
        var violations = error.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations
            .Select(violation => $"{violation.Field}: {violation.Description}").ToList() ?? [];
        if (violations.Count > 0)
            return string.Join(" ", violations);
        // The transport wraps what really happened (nobody answers) in several layers; the innermost says it.
        // Connecting that took too long comes as Cancelled.
        if (error.StatusCode is StatusCode.Unavailable or StatusCode.Cancelled && error.GetBaseException() is not RpcException and { } cause)
            return cause.Message;
        return error is { StatusCode: StatusCode.DeadlineExceeded, Status.Detail: "" } ? "The controller did not answer in time." : error.Status.Detail;
    }
}
