using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
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

    /// <summary>Longer than the controller itself waits for any node, or for a way's nodes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
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
        MaxResponseContentBufferSize = LongestAnswer,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <exception cref="ConsoleRefusalException">It is refused, or cannot be asked now.</exception>
    public async Task<TAnswer> AskAsync<TAsk, TAnswer>(PortCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, call.Path) { Content = JsonContent.Create(ask, call.Ask) };
        using var response = await SendAsync(request, Patience, ask is IPortOrder, cancel);
        return await ReadAsync(response, call.Answer, cancel);
    }

    /// <summary>The picture; null: it is the one that has this tag.</summary>
    /// <exception cref="ConsoleRefusalException">It cannot be had now.</exception>
    public async Task<(PortPicture Picture, string Tag)?> PictureAsync(string? held, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PortCalls.Picture);
        if (held is not null)
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(held));
        using var response = await SendAsync(request, PicturePatience, isOrder: false, cancel);
        return response.StatusCode == HttpStatusCode.NotModified ? null : (await ReadAsync(response, PortJson.Default.PortPicture, cancel), $"{response.Headers.ETag}");
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan patience, bool isOrder, CancellationToken cancel)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Add(PortCalls.Build, build);
        using var late = new CancellationTokenSource(patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            return await CheckedAsync(await _http.SendAsync(request, end.Token), cancel);
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

    /// <exception cref="ConsoleRefusalException">It is no answer.</exception>
    private static async Task<HttpResponseMessage> CheckedAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotModified)
            return response;
        using (response)
        {
            throw new ConsoleRefusalException(response.StatusCode switch
            {
                HttpStatusCode.UnprocessableContent or HttpStatusCode.Conflict => await response.Content.ReadAsStringAsync(cancel),
                HttpStatusCode.NotFound => "The controller is of a release that knows of no consoles apart from it: upgrade it.",
                HttpStatusCode.RequestEntityTooLarge => "That is too long.",
                var status => $"The controller failed ({(int)status}); its log says why.",
            });
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        try
        {
            // Null where the call says that there may be nothing, and nowhere else.
            return (await response.Content.ReadFromJsonAsync(type, cancel))!;
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
}
