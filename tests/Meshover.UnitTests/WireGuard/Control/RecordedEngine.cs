using System.Net.Sockets;
using System.Text.Json;
using Meshover.WireGuard.Control;

namespace Meshover.UnitTests.WireGuard.Control;

/// <summary>An engine that is a list of answers, on a socket.</summary>
internal sealed class RecordedEngine : IAsyncDisposable
{
    /// <summary>In the place of an answer: the connection is closed, and another one awaited.</summary>
    public const string Close = "";

    private readonly CancellationTokenSource _stop = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-recorded-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Queue<string> _answers;
    private readonly Task _serving;

    public RecordedEngine(params string[] answers)
    {
        _answers = new Queue<string>(answers);
        var path = Path.Combine(_directory, "engine.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        Client = new DataplaneClient(path);
        _serving = ServeAsync();
    }

    public DataplaneClient Client { get; }

    public List<string> Requests { get; } = [];

    public IEnumerable<string> Operations => Requests.Select(request => JsonDocument.Parse(request).RootElement.GetProperty("operation").GetString()!);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (_answers.Count > 0)
                await ServeAsync(await _listener.AcceptAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        await using var stream = new NetworkStream(connection, ownsSocket: true);
        using var reader = new StreamReader(stream);
        while (_answers.TryDequeue(out var answer) && answer != Close && await reader.ReadLineAsync(_stop.Token) is { } request)
        {
            Requests.Add(request);
            await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer + "\n"), _stop.Token);
        }
    }
}
