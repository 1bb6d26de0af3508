using System.Net.Sockets;
using Meshover.Linux.Processes;

namespace Meshover.Agent.Announcing.Declared.Checks;

/// <summary>Asks once. Never takes longer than it may, by much: a command is killed with all that it started.</summary>
internal sealed class CheckProbe : IDisposable
{
    private const int MostOutput = 64 << 10;
    private const int MostReason = 200;

    // A connection of its own for each question: one that is kept says nothing about who answers now.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.Zero,
        // Whether it answers is asked, not who it is: what is checked stands here, mostly with a certificate of its own.
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <returns>What is wrong, a few words; null: it is well.</returns>
    public async Task<string?> AskAsync(CheckTarget target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return target switch
            {
                CheckTarget.Http http => await AskAsync(http, limit.Token),
                CheckTarget.Tcp tcp => await AskAsync(tcp, limit.Token),
                CheckTarget.Command command => await RunAsync(command, timeout, cancellationToken),
                _ => throw new InvalidOperationException($"Unknown check {target}."),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {timeout.TotalMilliseconds:0} ms";
        }
        catch (Exception e) when (e is SocketException or HttpRequestException or IOException or ProgramException)
        {
            return Short(e.InnerException is SocketException inner ? inner.Message : e.Message);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> AskAsync(CheckTarget.Http http, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, http.Url);
        request.Headers.ConnectionClose = true;
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return (int)answer.StatusCode is >= 200 and < 400 ? null : $"HTTP status {(int)answer.StatusCode}";
    }

    private static async Task<string?> AskAsync(CheckTarget.Tcp tcp, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(tcp.Host, tcp.Port, cancellationToken);
        return null;
    }

    private static async Task<string?> RunAsync(CheckTarget.Command command, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (command.Path is not { } path)
            return $"there is no program {command.Program}";
        var ending = await new ProgramRun(path, command.Arguments) { Patience = timeout, MostOutput = MostOutput, IsGroup = true }.RunAsync(cancellationToken);
        return ending.ExitCode == 0 ? null : Short($"exit code {ending.ExitCode} {(ending.Errors.Length > 0 ? ending.Errors : ending.Output).Trim()}");
    }

    private static string Short(string reason) => string.Concat(reason.Select(c => char.IsControl(c) ? ' ' : c).Take(MostReason)).Trim();
}
