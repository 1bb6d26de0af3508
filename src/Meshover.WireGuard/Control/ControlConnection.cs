using System.Net.Sockets;

namespace Meshover.WireGuard.Control;

/// <summary>A client's connection to the engine's socket, after the Hello.</summary>
internal sealed class ControlConnection : IAsyncDisposable
{
    private readonly NetworkStream _stream;
    private readonly ControlLine _answers;

    private ControlConnection(NetworkStream stream)
    {
        _stream = stream;
        _answers = new ControlLine(stream);
    }

    /// <summary>The version that requests are to be written in.</summary>
    public int Version { get; private set; } = ControlProtocol.BeforeHello;

    /// <summary>Connects and agrees on a version.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    /// <exception cref="DataplaneException">There is no version that both speak.</exception>
    public static async Task<ControlConnection> OpenAsync(string socketPath, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(socketPath, cancellationToken);
        try
        {
            if (await connection.TryGreetAsync(cancellationToken))
                return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync(); // an engine that knows no Hello closes after it
        return await ConnectAsync(socketPath, cancellationToken);
    }

    /// <exception cref="IOException">The engine went away.</exception>
    /// <exception cref="System.Text.Json.JsonException">It answered something else.</exception>
    public async Task<ControlResponse> AskAsync(ControlRequest request, CancellationToken cancellationToken)
    {
        await ControlLine.WriteAsync(_stream, request, ControlJson.Default.ControlRequest, cancellationToken);
        return await _answers.ReadAsync(ControlJson.Default.ControlResponse, cancellationToken)
            ?? throw new IOException("it closed the connection without an answer");
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private static async Task<ControlConnection> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new ControlConnection(new NetworkStream(socket, ownsSocket: true));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // False: the engine is from before there was a Hello.
    private async Task<bool> TryGreetAsync(CancellationToken cancellationToken)
    {
        var hello = ControlRequest.To(ControlOperation.Hello) with { Oldest = ControlProtocol.Oldest };
        var answer = await AskAsync(hello, cancellationToken);
        if (answer.Error == nameof(DataplaneError.Refused))
            return false;
        if (answer.Error is not null)
            throw new DataplaneException(DataplaneError.Version, answer.Message ?? "The data plane speaks another version of its protocol.");
        if (!ControlProtocol.Speaks(answer.Version))
            throw new DataplaneException(
                DataplaneError.Version, $"The data plane wants to speak version {answer.Version} of its protocol, which this program does not.");
        Version = answer.Version;
        return true;
    }
}
