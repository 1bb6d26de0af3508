using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Meshover.Bench.Viewers;

// As blazor.web.js does it, without a browser:
//   1. GET the page; of its HTML the comments <!--Blazor:{…}--> mark the components that are to live, with a sealed descriptor each
//   2. a WebSocket at /_blazor: {"protocol":"blazorpack","version":1} 0x1e, answered by {} 0x1e
//   3. StartCircuit(base, address, "[]", ""), answered by the circuit's name; then UpdateRootComponents with the marks of 1
//   4. for ever: JS.RenderBatch is answered by OnRenderCompleted, JS.BeginInvokeJS by EndInvokeJSFromDotNet
//      with nothing, or with an object where one is wanted
//   5. at the end POST /_blazor/disconnect with the circuit's name: without that the console keeps the page for a while

/// <summary>One open page of the console, with nobody before it: it takes what is drawn, and says that it is drawn.</summary>
internal sealed partial class ViewedPage : IAsyncDisposable
{
    private const byte EndOfHandshake = 0x1e;
    private const long ScriptObject = 1; // JSCallResultType.JSObjectReference
    private static readonly TimeSpan PingEach = TimeSpan.FromSeconds(10);

    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<string> _circuit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ViewerSession _session;
    private Task _running = Task.CompletedTask;
    private long _batches;

    private ViewedPage(ViewerSession session) => _session = session;

    /// <summary>How often something of it was drawn anew.</summary>
    public long Batches => Interlocked.Read(ref _batches);

    /// <summary>Why it shows nothing more; null: it does.</summary>
    public Exception? Fault => _running.Exception?.GetBaseException() ?? (_running.IsCompleted ? new InvalidOperationException("The page has ended.") : null);

    /// <summary>Opens it, and waits until it lives.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static async Task<ViewedPage> OpenAsync(ViewerSession session, string path, CancellationToken ct)
    {
        var page = new ViewedPage(session);
        try
        {
            await page.BeginAsync(path, ct);
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says that it is closed, as a browser does.</summary>
    /// <exception cref="InvalidOperationException">The console does not take that.</exception>
    public async Task CloseAsync(CancellationToken ct)
    {
        if (_circuit.Task.IsCompletedSuccessfully)
            await _session.SayAsync("_blazor/disconnect", "circuitId", await _circuit.Task, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _sending.Dispose();
        _stop.Dispose();
    }

    private async Task BeginAsync(string path, CancellationToken ct)
    {
        var html = await _session.GetAsync(path, ct);
        var marks = Mark().Matches(html).Select(mark => mark.Groups["mark"].Value).Where(mark => mark.Contains("\"descriptor\"", StringComparison.Ordinal)).ToList();
        if (marks.Count == 0)
            throw new InvalidOperationException($"/{path} has nothing in it that lives.");
        await _socket.ConnectAsync(new UriBuilder(new Uri(_session.Address, "_blazor")) { Scheme = "wss" }.Uri, _session.Invoker, ct);
        await SendAsync([.. """{"protocol":"blazorpack","version":1}"""u8, EndOfHandshake], ct);
        _running = RunAsync(_stop.Token);
        await SendAsync(HubMessage.Invocation("0", "StartCircuit", $"{_session.Address}", $"{new Uri(_session.Address, path)}", "[]", ""), ct);
        await Task.WhenAny(_circuit.Task, _running).WaitAsync(ct);
        if (Fault is { } fault)
            throw new InvalidOperationException($"/{path} did not begin to live: {fault.Message}", fault);
        var added = marks.Select((mark, i) => string.Create(CultureInfo.InvariantCulture, $$"""{"type":"add","ssrComponentId":{{i + 1}},"marker":{{mark}}}"""));
        await SendAsync(HubMessage.Invocation(null, "UpdateRootComponents", $$"""{"batchId":1,"operations":[{{string.Join(",", added)}}]}""", State().Match(html).Groups["state"].Value), ct);
    }

    private async Task RunAsync(CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var pinging = PingAsync(ended.Token);
        try
        {
            await ReadAsync(ct);
        }
        finally
        {
            await ended.CancelAsync();
            await pinging.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadAsync(CancellationToken ct)
    {
        var (reader, buffer, isGreeted) = (new HubReader(), new byte[64 * 1024], false);
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer.AsMemory(), ct);
            if (received.MessageType == WebSocketMessageType.Close)
                throw new InvalidOperationException($"The controller has closed the page: {_socket.CloseStatusDescription}");
            ReadOnlyMemory<byte> piece = buffer.AsMemory(0, received.Count);
            if (!isGreeted)
            {
                var end = piece.Span.IndexOf(EndOfHandshake);
                if (end < 0 || Encoding.UTF8.GetString(piece.Span[..end]) is var said && said != "{}")
                    throw new InvalidOperationException("The console's hub does not speak blazorpack.");
                (isGreeted, piece) = (true, piece[(end + 1)..]);
            }
            foreach (var message in reader.Take(piece))
                await TakeAsync(message, ct);
        }
    }

    private async Task TakeAsync(object?[] message, CancellationToken ct)
    {
        switch (message)
        {
            case [1L, _, _, "JS.RenderBatch", object[] and [long batch, ..], ..]:
                Interlocked.Increment(ref _batches);
                await SendAsync(HubMessage.Invocation(null, "OnRenderCompleted", batch, null), ct);
                break;
            case [1L, _, _, "JS.BeginInvokeJS", object[] and [long call, _, _, long result, ..], ..] when call != 0:
                var value = result == ScriptObject ? "{\"__jsObjectId\":1}" : "null";
                await SendAsync(HubMessage.Invocation(null, "EndInvokeJSFromDotNet", call, true, string.Create(CultureInfo.InvariantCulture, $"[{call},true,{value}]")), ct);
                break;
            case [1L, _, _, "JS.Error", object[] and [string error, ..], ..]:
                throw new InvalidOperationException(error);
            case [3L, _, "0", 3L, string circuit, ..]:
                _circuit.TrySetResult(circuit);
                break;
            case [3L, _, "0", ..]:
                throw new InvalidOperationException("The controller began no circuit for the page.");
            case [7L, ..]:
                throw new InvalidOperationException($"The controller has closed the page: {message.ElementAtOrDefault(1)}");
        }
    }

    private async Task PingAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PingEach, TimeProvider.System);
        while (await timer.WaitForNextTickAsync(ct))
            await SendAsync(HubMessage.Ping, ct);
    }

    private async Task SendAsync(byte[] message, CancellationToken ct)
    {
        await _sending.WaitAsync(ct);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, ct);
        }
        finally
        {
            _sending.Release();
        }
    }

    [GeneratedRegex("<!--Blazor:(?<mark>\\{.*?\\})-->", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex Mark();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(?<state>.*?)-->", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex State();
}
