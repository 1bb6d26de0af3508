using Meshover.Linux.LocalSockets;
using Meshover.WireGuard.Control;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Uapi;

/// <summary>
/// The socket on which <c>wg</c> looks for an interface: WireGuard's cross-platform interface
/// (https://www.wireguard.com/xplatform/).
/// </summary>
internal sealed class UapiServer(string directory, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private UnixListener? _listener;

    /// <summary>Set before anything is served.</summary>
    public EngineLoop? Loop { get; set; }

    /// <summary>The socket's file is there: <c>wg</c> finds the interface.</summary>
    public bool IsListed => _listener is { } listener && File.Exists(listener.Path);

    /// <summary>Serves this interface from now on, and no other. That it cannot is logged: packets do not need it.</summary>
    public void Serve(string device)
    {
        var former = _listener;
        _listener = null;
        _ = ReplaceAsync(former, device);
    }

    /// <summary>Serves this interface.</summary>
    /// <exception cref="LocalSocketException">It cannot.</exception>
    public void Open(string device) =>
        _listener = new UnixListener(Path.Combine(directory, $"{device}.sock"), NewConversation().ServeAsync, time, logger);

    /// <summary>Takes the socket's file away.</summary>
    public void Unlink() => _listener?.Unlink();

    public async ValueTask DisposeAsync()
    {
        if (_listener is { } listener)
            await listener.DisposeAsync();
    }

    private UapiConversation NewConversation() =>
        new((action, cancellationToken) => Loop!.RunAsync(engine => action(new UapiEngine(engine)), cancellationToken), logger);

    private async Task ReplaceAsync(UnixListener? former, string device)
    {
        if (former is not null)
        {
            former.Unlink();
            await former.DisposeAsync();
        }
        try
        {
            Open(device);
        }
        catch (LocalSocketException e)
        {
            EngineLog.NoUapi(logger, device, e.Message);
        }
    }
}
