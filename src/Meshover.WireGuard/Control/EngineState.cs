using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>What the engine writes down to come back alone. Control thread. A failure is logged and no more: packets go on.</summary>
/// <param name="path">Null: nothing is written down.</param>
/// <param name="logger">Where failures go.</param>
internal sealed class EngineState(string? path, ILogger logger)
{
    // Peers behind a NAT may move at every handshake, and a mesh's nodes join one by one; once a second is often enough to write that down.
    private const long SaveInterval = 1000;

    private long _nextSave;
    private bool _isDue;

    public SavedState? Load()
    {
        if (path is null)
            return null;
        try
        {
            var saved = StateFile.Read(path, ControlJson.Default.SavedState);
            return saved is null || ControlProtocol.Speaks(saved.Version)
                ? saved
                : throw new JsonException($"it is of version {saved.Version}, which this program does not know");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            EngineLog.StateFailed(logger, path, e.Message);
            return null;
        }
    }

    /// <summary>The configuration is another one; it is written within a second.</summary>
    public void SaveSoon() => _isDue = true;

    /// <summary>Writes if that is due, or a peer is elsewhere than the file says.</summary>
    public void SaveIfChanged(DataplaneConfig config, IReadOnlyCollection<EnginePeer> peers, long now)
    {
        if (path is null || now < _nextSave)
            return;
        _nextSave = now + SaveInterval;
        if (_isDue || peers.Any(peer => !ReferenceEquals(peer.SavedEndpoint, peer.Peer.Endpoint)))
            Save(config, peers);
    }

    public void Save(DataplaneConfig config, IReadOnlyCollection<EnginePeer> peers)
    {
        _isDue = false;
        if (path is null)
            return;
        foreach (var peer in peers)
            peer.SavedEndpoint = peer.Peer.Endpoint;
        var endpoints = peers.Where(peer => peer.SavedEndpoint is not null)
            .Select(peer => new SavedEndpoint(peer.Config.PublicKey, peer.SavedEndpoint!.ToEndPoint()));
        Try(() => StateFile.Write(path, new SavedState { Config = config, Endpoints = [.. endpoints] }, ControlJson.Default.SavedState));
    }

    /// <summary>Deletes the state, and the other file.</summary>
    public void Delete(string other) => Try(() =>
    {
        if (path is not null)
            File.Delete(path);
        File.Delete(other);
    });

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            EngineLog.StateFailed(logger, path ?? "the state", e.Message);
        }
    }
}
