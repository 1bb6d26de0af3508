using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>
/// What changes round the engine without a word to it, and is looked at now and then: devices that somebody changed by hand, routes, and how
/// wide the ways to peers are. Control thread.
/// </summary>
internal sealed class EngineUpkeep : IDisposable
{
    // Within 5 s a node is to be whole again, and the agent has its share to do after us.
    private const long CheckInterval = 1000;
    private const long MaxCheckInterval = 4000;

    // With thousands of devices a look at them takes some milliseconds: as little of the time as that bound allows.
    private const long CheckShare = 1000;

    // Asking for a route takes 15 us a peer.
    private const long PathCheckInterval = 20_000;

    // An answer is not worth waiting for any more finely.
    private const long ProbeInterval = 250;
    private const long ProbeRetryInterval = 60_000;

    private readonly EnginePeers _peers;
    private readonly EngineDevices _devices;
    private readonly PacketPipeline _pipeline;
    private readonly Action<DataplaneConfig> _apply;
    private readonly ILogger _logger;
    private readonly PathMtuProber _prober;
    private long _nextCheck;
    private long _nextPathCheck;
    private long _nextProbe;

    /// <param name="apply">Puts a configuration in place once more.</param>
    public EngineUpkeep(EnginePeers peers, EngineDevices devices, PacketPipeline pipeline, Action<DataplaneConfig> apply, ILogger logger)
    {
        _peers = peers;
        _devices = devices;
        _pipeline = pipeline;
        _apply = apply;
        _logger = logger;
        _prober = new PathMtuProber(pipeline);
        devices.LinkMtu = _prober.MtuOf;
    }

    public void Tick(DataplaneConfig config, long now)
    {
        if (now >= _nextCheck)
            Repair(config, now);
        if (now >= _nextProbe)
            ProbePaths(config, now);
    }

    /// <summary>Whether each peer that was sent something lately can still be answered the way that its packets come.</summary>
    public void CheckReplyPaths(long now)
    {
        if (now < _nextPathCheck)
            return;
        _nextPathCheck = now + PathCheckInterval;
        foreach (var peer in _peers.All)
        {
            if (peer.Peer.Session.Sent.Any >= now - PathCheckInterval)
                _pipeline.CheckReplyPath(peer.Peer);
        }
    }

    public void Dispose() => _prober.Dispose();

    // What somebody changed about the devices by hand is put right; their addresses are the agent's.
    private void Repair(DataplaneConfig config, long now)
    {
        try
        {
            if (!_devices.AreIntact(config))
                _apply(config);
        }
        catch (Exception e) when (e is DataplaneException || IoFailure.Is(e))
        {
            EngineLog.NotRepaired(_logger, e.Message);
        }
        var took = _pipeline.State.Clock.Now - now;
        _nextCheck = now + took + Math.Clamp(took * CheckShare, CheckInterval, MaxCheckInterval);
    }

    private void ProbePaths(DataplaneConfig config, long now)
    {
        _nextProbe = now + ProbeInterval;
        if (!config.ProbePathMtu)
        {
            _prober.Clear();
            return;
        }
        try
        {
            if (_prober.Tick(_peers.All, now))
                _nextCheck = 0; // which finds the devices not as they should be
        }
        catch (IoException e)
        {
            _nextProbe = now + ProbeRetryInterval;
            EngineLog.NoProbing(_logger, e.Message);
        }
    }
}
