using System.Text;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Io;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Uapi;

/// <summary>
/// One client's requests and their answers: lines of <c>key=value</c> and an empty line, both ways
/// (https://www.wireguard.com/xplatform/#configuration-protocol).
/// </summary>
/// <param name="run">Runs something where the target may be touched.</param>
internal sealed class UapiConversation(Func<Func<IUapiTarget, string>, CancellationToken, Task<string>> run, ILogger logger)
{
    private const string Get = "get=1\n";
    private const string Set = "set=1\n";

    /// <summary>Serves until the client goes.</summary>
    public async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        var reader = new UapiReader(stream);
        while (await reader.ReadAsync(cancellationToken) is { } request)
        {
            var answer = await AnswerAsync(request, cancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken);
        }
    }

    private async Task<string> AnswerAsync(string request, CancellationToken cancellationToken)
    {
        try
        {
            return await DoAsync(request, cancellationToken) + "errno=0\n\n";
        }
        catch (Exception e) when (e is UapiException or DataplaneException)
        {
            EngineLog.UapiRefused(logger, e.Message);
            return $"errno={-Errno(e)}\n\n";
        }
    }

    private Task<string> DoAsync(string request, CancellationToken cancellationToken)
    {
        if (request == Get)
            return run(target => target.Report(), cancellationToken);
        if (!request.StartsWith(Set, StringComparison.Ordinal))
            throw new UapiException(UapiException.NotSupported, "a request is neither get=1 nor set=1");
        var set = UapiSet.Parse(request.AsSpan(Set.Length));
        return run(target => Apply(target, set), cancellationToken);
    }

    private static string Apply(IUapiTarget target, UapiSet set)
    {
        var config = target.Config ?? throw new UapiException(UapiException.NoDevice, "there is no interface yet");
        var changed = set.ApplyTo(config);
        target.Apply(changed, set.EndpointsOf(changed), set.ReplacesPeers);
        return "";
    }

    private static int Errno(Exception failure) => failure switch
    {
        UapiException e => e.Errno,
        DataplaneException { Error: DataplaneError.Refused } => UapiException.Invalid,
        DataplaneException { Error: DataplaneError.Unreachable } => UapiException.NoDevice,
        DataplaneException { InnerException: IoException e } => e.Errno,
        _ => UapiException.InputOutput,
    };
}
