using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>
/// What the engine writes down to come back alone. Control thread, but for the writing itself. A failure is logged and no more: packets go on.
/// </summary>
internal sealed class EngineState
{
    // Peers behind a NAT may move at every handshake, and a mesh's nodes join one by one; once a second is often enough to write that down.
    // The whole of it is written each time, so with thousands of peers less often.
    private const long SaveInterval = 1000;
    private const long MarkInterval = 60_000;
    private const long SaveIntervalPerPeer = 1;

    private readonly string? _path;
    private readonly ILogger _logger;
    private readonly DiskWriter<Wish> _writer;
    private long _nextSave;
    private long _nextMarks;
    private bool _isDue;

    /// <param name="path">Null: nothing is written down.</param>
    /// <param name="logger">Where failures go.</param>
    public EngineState(string? path, ILogger logger)
    {
        _path = path;
        _logger = logger;
        _writer = new DiskWriter<Wish>(Fulfil);
    }

    public SavedState? Load()
    {
        if (_path is null)
            return null;
        try
        {
            var saved = StateFile.Read(_path, ControlJson.Default.SavedState);
            return saved is null || ControlProtocol.Terms.Speaks(saved.Version)
                ? saved
                : throw new JsonException($"it has version {saved.Version}, which this program does not know");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            EngineLog.StateFailed(_logger, _path, e.Message);
            return null;
        }
    }

    /// <summary>The configuration is another one; it is written within a second.</summary>
    public void SaveSoon() => _isDue = true;

    /// <summary>Has it written if that is due, or a peer is elsewhere than the file says.</summary>
    public void SaveIfChanged(DataplaneConfig config, IReadOnlyCollection<EnginePeer> peers, long now)
    {
        if (_path is null || now < _nextSave)
            return;
        _nextSave = now + Math.Max(SaveInterval, peers.Count * SaveIntervalPerPeer);
        if (_isDue || peers.Any(peer => !ReferenceEquals(peer.SavedEndpoint, peer.Peer.Endpoint)) || AreMarksDue(peers, now))
            Save(config, peers);
    }

    // Each peer makes a session every two minutes, and a crash would make its initiations since the last mark new again.
    private bool AreMarksDue(IReadOnlyCollection<EnginePeer> peers, long now)
    {
        if (now < _nextMarks)
            return false;
        _nextMarks = now + MarkInterval;
        return peers.Any(peer => peer.SavedNewest != peer.Peer.Session.NewestTimestamp);
    }

    /// <summary>Has it written, at once.</summary>
    public void Save(DataplaneConfig config, IReadOnlyCollection<EnginePeer> peers)
    {
        _isDue = false;
        if (_path is null)
            return;
        foreach (var peer in peers)
            (peer.SavedEndpoint, peer.SavedNewest) = (peer.Peer.Endpoint, peer.Peer.Session.NewestTimestamp);
        _writer.Write(new Wish(config, [.. peers.Where(peer => peer.SavedEndpoint is not null).Select(Whereabouts.Of)]));
    }

    /// <summary>Has it deleted, once nothing is being written any more.</summary>
    public void Delete()
    {
        if (_path is not null)
            _writer.Write(new Wish(Config: null, []));
    }

    /// <summary>Waits until what was asked for is done. False: the disk takes longer than that.</summary>
    public bool Flush(TimeSpan atMost) => _writer.Flush(atMost);

    private void Fulfil(Wish wish)
    {
        try
        {
            if (wish.Config is null)
                File.Delete(_path!);
            else
                StateFile.Write(_path!, wish.ToState(), ControlJson.Default.SavedState);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            EngineLog.StateFailed(_logger, _path!, e.Message);
        }
    }

    /// <summary>What is to be written down; without a configuration, nothing is to be left.</summary>
    private sealed record Wish(DataplaneConfig? Config, ImmutableArray<Whereabouts> Peers)
    {
        // A thousand texts: not the control thread's work.
        public SavedState ToState() => new() { Config = Config!, Endpoints = [.. Peers.Select(peer => peer.ToSaved())] };
    }

    /// <summary>A peer's part, as it was at one moment.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Whereabouts(WireGuardKey Key, UdpAddress Endpoint, Tai64n Newest)
    {
        public static Whereabouts Of(EnginePeer peer) => new(peer.Config.PublicKey, peer.SavedEndpoint!, peer.Peer.Session.NewestTimestamp);

        public SavedEndpoint ToSaved() => new(Key, Endpoint.ToEndPoint()) { Newest = Newest == default ? null : Newest.ToText() };
    }
}
