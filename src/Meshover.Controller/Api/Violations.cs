using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcStatus = Google.Rpc.Status;

namespace Meshover.Controller.Api;

/// <summary>Collects what is wrong with a request, so that all of it is reported at once.</summary>
internal sealed class Violations
{
    private readonly BadRequest _details = new();

    public void Add(string field, string text) =>
        _details.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = text });

    public void Require(bool holds, string field, string text)
    {
        if (!holds)
            Add(field, text);
    }

    /// <exception cref="RpcException">INVALID_ARGUMENT with <c>google.rpc.BadRequest</c>, where there is any.</exception>
    public void ThrowIfAny()
    {
        if (_details.FieldViolations.Count == 0)
            return;
        var text = string.Join(" ", _details.FieldViolations.Select(violation => $"{violation.Field}: {violation.Description}"));
        throw new GrpcStatus { Code = (int)Code.InvalidArgument, Message = text, Details = { Any.Pack(_details) } }.ToRpcException();
    }
}
