using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Meshover.Console.UseCases;
using Meshover.Controller.Hosting;

namespace Meshover.Controller.Console.Apart;

/// <summary>
/// Asks a controller over its admin socket, by HTTP/2. What is refused there, and why it cannot be asked, is a <see cref="ConsoleRefusalException"/> with a text for
/// people. Thread-safe.
/// </summary>
/// <param name="socket">Path of the admin socket.</param>
/// <param name="time">Of patience.</param>
/// <param name="build">Of this console.</param>
internal sealed class PortClient(string socket, TimeProvider time, string build) : IDisposable
{
    /// <summary>Of one answer, in bytes: a picture of 3,000 nodes has some five million.</summary>
    public const long LongestAnswer = 64 * 1024 * 1024;

    private static readonly TimeSpan PicturePatience = TimeSpan.FromSeconds(10);

    // The controller takes 16 calls on a connection at a time, and some wait for nodes.
    private const int MostConnections = 8;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = async (_, cancel) => await AdminSocket.ConnectAsync(socket, cancel),
        EnableMultipleHttp2Connections = true,
        MaxConnectionsPerServer = MostConnections,
        // What ssh leads elsewhere can be dead and open.
        KeepAlivePingDelay = TimeSpan.FromSeconds(10),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
        UseProxy = false,
    })
    {
        BaseAddress = new Uri("http://localhost"),
        Timeout = Timeout.InfiniteTimeSpan,
    };
    private volatile string? _away;

    /// <summary>Why the picture could not be had last; null: it could. For as long as it cannot, nothing else is asked: no page waits for what is not there.</summary>
    public string? Away => _away;

    /// <exception cref="ConsoleRefusalException">It is refused, or cannot be asked now.</exception>
    public async Task<TAnswer> AskAsync<TAsk, TAnswer>(PortCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancel)
    {
        if (_away is { } why)
            throw new ConsoleRefusalException(why);
        using var request = new HttpRequestMessage(HttpMethod.Post, call.Path) { Content = JsonContent.Create(ask, call.Ask) };
        return Read(await SendAsync(request, call.Patience, ask is IPortOrder, cancel), call.Answer);
    }

    /// <summary>The picture; null: it is the one that has this tag.</summary>
    /// <exception cref="ConsoleRefusalException">It cannot be had now.</exception>
    public async Task<(MeshView View, string Tag)?> PictureAsync(string? held, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, PortCalls.Picture);
            if (held is { Length: > 0 })
                request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(held));
            var answer = await SendAsync(request, PicturePatience, isOrder: false, cancel);
            (MeshView, string)? picture = answer.Status == HttpStatusCode.NotModified ? null : (Read(answer, PortJson.Default.MeshView), answer.Tag);
            _away = null;
            return picture;
        }
        catch (ConsoleRefusalException e)
        {
            _away = e.Message;
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    /// <param name="request">What is asked.</param>
    /// <param name="patience">For the answer's beginning, and then for each part of it: a long one over a slow way takes its time.</param>
    /// <param name="isOrder">It changes something.</param>
    /// <param name="cancel">Gives up.</param>
    private async Task<Answer> SendAsync(HttpRequestMessage request, TimeSpan patience, bool isOrder, CancellationToken cancel)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Add(PortCalls.Build, build);
        using var late = new CancellationTokenSource(patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            var body = await BodyAsync(response, () => late.CancelAfter(patience), end.Token);
            return Checked(new Answer(response.StatusCode, $"{response.Headers.ETag}", body));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ConsoleRefusalException($"The controller did not answer within {patience.TotalSeconds:0} s.{Afterwards(isOrder)}");
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            throw new ConsoleRefusalException($"No controller can be reached at {socket} ({Why(e)}). See that it runs, and that this console may open its socket.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ConsoleRefusalException($"The connection to the controller ended before its answer ({e.Message}).{Afterwards(isOrder)}");
        }
    }

    private static async Task<byte[]> BodyAsync(HttpResponseMessage response, Action goesOn, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var whole = new MemoryStream();
        var part = new byte[64 * 1024];
        while (await body.ReadAsync(part, cancel) is > 0 and var read)
        {
            goesOn();
            if (whole.Length + read > LongestAnswer)
                throw new ConsoleRefusalException($"The controller answered more than the {LongestAnswer} bytes that this console takes.");
            await whole.WriteAsync(part.AsMemory(0, read), cancel);
        }
        return whole.ToArray();
    }

    /// <exception cref="ConsoleRefusalException">It is no answer.</exception>
    private static Answer Checked(Answer answer) => answer.Status switch
    {
        HttpStatusCode.OK or HttpStatusCode.NotModified => answer,
        HttpStatusCode.UnprocessableContent or HttpStatusCode.Conflict => throw new ConsoleRefusalException(Encoding.UTF8.GetString(answer.Body)),
        HttpStatusCode.NotFound => throw new ConsoleRefusalException("The controller is of a release that knows of no consoles apart from it: upgrade it."),
        HttpStatusCode.RequestEntityTooLarge => throw new ConsoleRefusalException("That is too long."),
        var status => throw new ConsoleRefusalException($"The controller failed ({(int)status}); its log says why."),
    };

    private static T Read<T>(Answer answer, JsonTypeInfo<T> type)
    {
        try
        {
            // Null where the call says that there may be nothing, and nowhere else.
            return JsonSerializer.Deserialize(answer.Body, type)!;
        }
        catch (JsonException e)
        {
            throw new ConsoleRefusalException($"The controller answered something that this console cannot read ({e.Message}).");
        }
    }

    private string Why(HttpRequestException e) => e.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } => "permission denied",
        SocketException when !File.Exists(socket) => "there is no such file",
        var inner => (inner ?? e).Message,
    };

    // A question can be asked again; whether an order was done nobody here knows.
    private static string Afterwards(bool isOrder) => isOrder ? " It may have been done all the same: look before you try again." : "";

    /// <param name="Tag">Of HTTP; empty: it has none.</param>
    private sealed record Answer(HttpStatusCode Status, string Tag, byte[] Body);
}
