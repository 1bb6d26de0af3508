using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Linux.LocalSockets;

/// <summary>A client's connection to a local socket, after the Hello.</summary>
public sealed class JsonConnection : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private readonly JsonLines _lines;

    private JsonConnection(NetworkStream stream, int longest)
    {
        _stream = stream;
        _lines = new JsonLines(stream, longest);
    }

    /// <summary>The version that requests are to be written in.</summary>
    public int Version { get; private set; } = ProtocolTerms.BeforeHello;

    /// <summary>What the server can, by name; empty where it does not say.</summary>
    public ImmutableArray<string> Capabilities { get; private set; } = [];

    /// <summary>Connects and agrees on a version.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    /// <exception cref="IOException">The server went away.</exception>
    /// <exception cref="JsonException">It answered something else.</exception>
    /// <exception cref="ProtocolVersionException">There is no version that both speak.</exception>
    public static async Task<JsonConnection> OpenAsync(string socketPath, ProtocolTerms terms, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(socketPath, terms, cancellationToken).ConfigureAwait(false);
        try
        {
            if (await connection.TryGreetAsync(terms, cancellationToken).ConfigureAwait(false))
                return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        await connection.DisposeAsync().ConfigureAwait(false); // one that knows no Hello may close after it
        return await ConnectAsync(socketPath, terms, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="IOException">The server went away.</exception>
    /// <exception cref="JsonException">It answered something else.</exception>
    public async Task<TAnswer> AskAsync<TRequest, TAnswer>(
        TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellationToken)
        where TAnswer : class
    {
        await _lines.WriteAsync(request, requestType, cancellationToken).ConfigureAwait(false);
        return await _lines.ReadAsync(answerType, cancellationToken).ConfigureAwait(false) ?? throw new IOException("it closed the connection without an answer");
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static async Task<JsonConnection> ConnectAsync(string socketPath, ProtocolTerms terms, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);
            return new JsonConnection(new NetworkStream(socket, ownsSocket: true), terms.LongestLine);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // False: the server is from before there was a Hello.
    private async Task<bool> TryGreetAsync(ProtocolTerms terms, CancellationToken cancellationToken)
    {
        var hello = new HelloRequest { Operation = HelloRequest.Word, Version = terms.Newest, Oldest = terms.Oldest };
        var answer = await AskAsync(hello, HelloJson.Default.HelloRequest, HelloJson.Default.HelloAnswer, cancellationToken).ConfigureAwait(false);
        if (answer.Error == HelloAnswer.NoVersion)
            throw new ProtocolVersionException(answer.Message ?? $"{terms.Server} speaks another version of its protocol.");
        if (answer.Error is not null)
            return false;
        if (!terms.Speaks(answer.Version))
            throw new ProtocolVersionException($"{terms.Server} wants to speak version {answer.Version} of its protocol, which this program does not.");
        (Version, Capabilities) = (answer.Version, answer.Capabilities ?? []);
        return true;
    }
}
