using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Meshover.Bench.Viewers;

/// <summary>Somebody who has signed in to the console, from an address of their own; with as many pages as they like.</summary>
internal sealed partial class ViewerSession : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly IPAddress _from;
    private readonly int _port;

    /// <param name="number">Of the address, 1-254.</param>
    /// <param name="port">The controller's.</param>
    public ViewerSession(int number, int port)
    {
        (_from, _port) = (new IPAddress([127, 0, 1, (byte)number]), port);
        Invoker = new HttpMessageInvoker(NewHandler());
    }

    public Uri Address => new($"https://127.0.0.1:{_port}/");

    /// <summary>Sends requests with the session's cookie.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <exception cref="InvalidOperationException">It does not let them in.</exception>
    public async Task SignInAsync(string token, CancellationToken ct)
    {
        var form = FormToken().Match(await GetAsync(Invoker, "sign-in", ct));
        if (!form.Success)
            throw new InvalidOperationException("The page of signing in has no form.");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, "session"))
        {
            Content = new FormUrlEncodedContent([new("token", token), new("to", "/"), new("__RequestVerificationToken", WebUtility.HtmlDecode(form.Groups["token"].Value))]),
        };
        using var answer = await Invoker.SendAsync(request, ct);
        if (answer.StatusCode != HttpStatusCode.Found || answer.Headers.Location?.OriginalString != "/")
            throw new InvalidOperationException($"Signing in to the console: {(int)answer.StatusCode}, {answer.Headers.Location}");
    }

    /// <summary>A page's HTML.</summary>
    /// <exception cref="InvalidOperationException">It is another answer than 200.</exception>
    public Task<string> GetAsync(string path, CancellationToken ct) => GetAsync(Invoker, path, ct);

    /// <summary>Posts a form of one value.</summary>
    /// <exception cref="InvalidOperationException">It is another answer than 200.</exception>
    public async Task SayAsync(string path, string name, string value, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path)) { Content = new MultipartFormDataContent { { new StringContent(value), name } } };
        using var answer = await Invoker.SendAsync(request, ct);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"/{path}: {(int)answer.StatusCode}");
    }

    /// <summary>The same as <see cref="GetAsync(string, CancellationToken)"/> by a connection of its own, as a browser's first.</summary>
    public async Task<string> GetAnewAsync(string path, CancellationToken ct)
    {
        using var invoker = new HttpMessageInvoker(NewHandler());
        return await GetAsync(invoker, path, ct);
    }

    public void Dispose() => Invoker.Dispose();

    private async Task<string> GetAsync(HttpMessageInvoker invoker, string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, path));
        using var answer = await invoker.SendAsync(request, ct);
        return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync(ct) : throw new InvalidOperationException($"/{path}: {(int)answer.StatusCode}");
    }

    private SocketsHttpHandler NewHandler() => new()
    {
        CookieContainer = _cookies,
        AllowAutoRedirect = false,
        ConnectCallback = ConnectAsync,
        // The controller's own authority is not the matter here.
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null },
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Bind(new IPEndPoint(_from, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port), ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="(?<token>[^"]+)"[^>]*>""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5_000)]
    private static partial Regex FormToken();
}
