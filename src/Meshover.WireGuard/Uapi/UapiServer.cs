using System.Text;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Uapi;

/// <summary>
/// The socket on which <c>wg</c> looks for an interface: WireGuard's cross-platform interface
/// (https://www.wireguard.com/xplatform/). A request is lines of <c>key=value</c> and an empty line; so is the answer.
/// </summary>
internal sealed class UapiServer(string directory, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    // `wg setconf` with thousands of peers stays far below it.
    private const int MaxRequestChars = 16 << 20;

    private UnixListener? _listener;

    /// <summary>Set before anything is served.</summary>
    public EngineLoop? Loop { get; set; }

    /// <summary>Serves this interface from now on, and no other. That it cannot is logged: packets do not need it.</summary>
    public void Serve(string device)
    {
        var former = _listener;
        _listener = null;
        _ = ReplaceAsync(former, device);
    }

    /// <summary>Takes the socket's file away.</summary>
    public void Unlink() => _listener?.Unlink();

    public async ValueTask DisposeAsync()
    {
        if (_listener is { } listener)
            await listener.DisposeAsync();
    }

    private async Task ReplaceAsync(UnixListener? former, string device)
    {
        if (former is not null)
        {
            former.Unlink();
            await former.DisposeAsync();
        }
        try
        {
            _listener = new UnixListener(Path.Combine(directory, $"{device}.sock"), ServeAsync, time, logger);
        }
        catch (DataplaneException e)
        {
            EngineLog.NoUapi(logger, device, e.Message);
        }
    }

    private async Task ServeAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await ReadRequestAsync(reader, cancellationToken) is { } lines)
        {
            var answer = await AnswerAsync(lines, cancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken);
        }
    }

    // Null at the end of the stream, also within a request.
    private static async Task<List<string>?> ReadRequestAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        var total = 0;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length == 0)
                return lines;
            lines.Add(line);
            total += line.Length;
            if (total > MaxRequestChars)
                throw new IOException("a request is too long");
        }
        return null;
    }

    private async Task<string> AnswerAsync(List<string> lines, CancellationToken cancellationToken)
    {
        try
        {
            return lines[0] switch
            {
                "get=1" when lines.Count == 1 => await Loop!.RunAsync(UapiReport.Write, cancellationToken),
                "set=1" => await SetAsync(lines, cancellationToken),
                _ => throw new UapiException(UapiException.NotSupported, $"'{lines[0]}' is neither get=1 nor set=1"),
            };
        }
        catch (Exception e) when (e is UapiException or DataplaneException or ArgumentOutOfRangeException)
        {
            EngineLog.UapiRefused(logger, e.Message);
            return $"errno={-((e as UapiException)?.Errno ?? UapiException.Invalid)}\n\n";
        }
    }

    private async Task<string> SetAsync(List<string> lines, CancellationToken cancellationToken)
    {
        var set = UapiSet.Parse(lines.Skip(1));
        return await Loop!.RunAsync(engine => Set(engine, set), cancellationToken);
    }

    private static string Set(Engine engine, UapiSet set)
    {
        var config = engine.Config ?? throw new UapiException(UapiException.NoDevice, "there is no interface yet");
        engine.Apply(set.ApplyTo(config));
        foreach (var (key, endpoint) in set.Endpoints)
            engine.SetEndpoint(key, endpoint);
        return "errno=0\n\n";
    }
}
