using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using GrpcStatus = Google.Rpc.Status;

namespace Meshover.Controller.Api;

/// <summary>Collects what is wrong with a request, so that all of it is reported at once.</summary>
internal sealed class Violations
{
    // They go into a log line and into the answer's trailers.
    private const int Most = 20;
    private const int LongestText = 300;
    private const int LongestQuote = 100;

    private readonly BadRequest _details = new();

    /// <summary>No more are taken: who reads twenty corrects those first.</summary>
    public bool IsFull => _details.FieldViolations.Count >= Most;

    public void Add(string field, string text)
    {
        if (!IsFull)
            _details.FieldViolations.Add(new BadRequest.Types.FieldViolation { Field = field, Description = text.Length <= LongestText ? text : text[..LongestText] + "…" });
    }

    /// <summary>What a caller said, to be named in a sentence: cut where it is long.</summary>
    public static string Quote(string said) => $"\"{(said.Length <= LongestQuote ? said : said[..LongestQuote] + "…")}\"";

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
