using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Linux.LocalSockets;

/// <summary>Serves one kind of requests: in, one after the other, until the client goes. A Hello is answered by itself.</summary>
/// <param name="refuse">The answer to a line that is no request, of why.</param>
/// <param name="answer">Fails for no reason that a client can bring about.</param>
public sealed class JsonServer<TRequest, TAnswer>(
    ProtocolTerms terms, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, Func<string, TAnswer> refuse,
    Func<TRequest, CancellationToken, Task<TAnswer>> answer)
    where TRequest : class
    where TAnswer : class
{
    /// <summary>Called when the client has its answer.</summary>
    public Action<TRequest, TAnswer>? Answered { get; init; }

    /// <param name="stream">Of the connection.</param>
    /// <param name="reading">Ends the reading of requests.</param>
    /// <param name="answering">Ends the answering, too.</param>
    public async Task ServeAsync(Stream stream, CancellationToken reading, CancellationToken answering)
    {
        var lines = new JsonLines(stream, terms.LongestLine);
        while (true)
        {
            if (await lines.TryReadHelloAsync(reading).ConfigureAwait(false) is { } hello)
            {
                await lines.WriteAsync(terms.Answer(hello), HelloJson.Default.HelloAnswer, answering).ConfigureAwait(false);
                continue;
            }
            var (request, fault) = await ReadAsync(lines, reading).ConfigureAwait(false);
            if (request is null && fault is null)
                return;
            var said = fault ?? await answer(request!, answering).ConfigureAwait(false);
            await lines.WriteAsync(said, answerType, answering).ConfigureAwait(false);
            if (request is not null)
                Answered?.Invoke(request, said);
        }
    }

    private async Task<(TRequest? Request, TAnswer? Fault)> ReadAsync(JsonLines lines, CancellationToken reading)
    {
        try
        {
            return (await lines.ReadAsync(requestType, reading).ConfigureAwait(false), null);
        }
        catch (JsonException e)
        {
            return (null, refuse($"The request is not a valid message: {e.Message} Nothing was changed."));
        }
    }
}
