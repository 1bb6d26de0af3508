using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>
/// The engine as its control thread sees it: the configuration that runs, the protocol, and the pipeline. Every method is that thread's
/// (<see cref="EngineLoop"/>). A change is checked whole, then what can fail is made ready, then it is put in place, which cannot fail.
/// </summary>
internal sealed class Engine : IDisposable
{
    // Within 5 s a node is to be whole again, and the agent has its share to do after us.
    private const long CheckInterval = 1000;

    private readonly DataplaneOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly EngineClock _clock;
    private readonly ControlInbox _inbox;
    private readonly EngineSink _sink = new();
    private readonly SessionManager _sessions;
    private readonly PacketPipeline _pipeline;
    private readonly EngineDevices _devices;
    private readonly EngineState _state;
    private readonly Dictionary<WireGuardKey, EnginePeer> _peers = [];
    private long _nextCheck;

    public Engine(DataplaneOptions options, ControlInbox inbox, TimeProvider time, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _time = time;
        _inbox = inbox;
        _clock = new EngineClock(time);
        _devices = new EngineDevices(options.Offloads);
        _state = new EngineState(options.StatePath, logger);
        SessionManager? sessions = null;
        _pipeline = new PacketPipeline(_clock, inbox, gates =>
        {
            sessions = new SessionManager(new SessionOptions
            {
                Sink = _sink,
                Clock = time,
                TimestampStore = new TimestampFile(options.TimestampPath, logger),
                Gates = gates,
            });
            return sessions.Indices;
        });
        _sessions = sessions!;
        _sink.Pipeline = _pipeline;
        _pipeline.Start();
    }

    /// <summary>What runs; null before the first configuration.</summary>
    public DataplaneConfig? Config { get; private set; }

    /// <summary>Called with the main device's name when it is there, or is another than before.</summary>
    public Action<string>? InterfaceChanged { get; set; }

    public long Now => _clock.Now;

    /// <summary>In the order of the configuration.</summary>
    public IEnumerable<EnginePeer> Peers => (Config?.Peers ?? []).Select(peer => _peers[peer.PublicKey]);

    public PacketPipeline Pipeline => _pipeline;

    public WireGuardKey PublicKey => _sessions.PublicKey;

    public DateTimeOffset WallClock => _time.GetUtcNow();

    /// <summary>Comes back with what an earlier engine saved. True if there is nothing left to come back with.</summary>
    public bool TryRestore()
    {
        if (_state.Load() is not { } saved)
            return true;
        try
        {
            Apply(saved.Config, saved.Endpoints.ToDictionary(saved => saved.PublicKey, saved => saved.Endpoint));
            return true;
        }
        catch (DataplaneException e)
        {
            EngineLog.NotRestored(_logger, e.Message);
            return e.Error == DataplaneError.Refused;
        }
    }

    /// <summary>As <see cref="DataplaneClient.ApplyAsync"/>.</summary>
    /// <param name="endpoints">Where new peers are, if not where the configuration says.</param>
    public void Apply(DataplaneConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints = null)
    {
        var faults = ConfigValidator.Validate(config);
        if (faults.Count > 0)
            throw new DataplaneException(DataplaneError.Refused, $"The configuration is wrong: {string.Join("; ", faults)}. Nothing was changed.");
        try
        {
            var udp = NeedsSocket(config) ? UdpPort.Open(config.ListenPort, config.FirewallMark, _options.Offloads) : null;
            Prepare(config, udp);
            PutInPlace(config, udp, endpoints);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new DataplaneException(DataplaneError.Failed, $"The data plane {Describe(e)}. What ran before runs on.", e);
        }
    }

    /// <summary>As <see cref="DataplaneClient.UpdateAsync"/>.</summary>
    public void Update(ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removed) =>
        Apply(ConfigEdit.Update(RequireConfig(), upserts, removed));

    /// <summary>As <see cref="DataplaneClient.SetEndpointAsync"/>.</summary>
    public void SetEndpoint(WireGuardKey key, IPEndPoint endpoint)
    {
        RequireConfig();
        if (!_peers.TryGetValue(key, out var peer))
            throw new DataplaneException(DataplaneError.Refused, $"There is no peer {key}.");
        peer.Peer.Endpoint = new UdpAddress(endpoint);
        peer.Peer.Session.RequestHandshake(Now);
    }

    /// <summary>Takes what the workers found.</summary>
    public void HandleInbox()
    {
        Span<byte> identity = stackalloc byte[UdpAddress.MaxLength];
        var now = Now;
        while (_inbox.Handshakes.TryPeek(out var message, out var source))
        {
            _sink.BeginDatagram(source, message.Length);
            var length = UdpAddress.WriteIdentity(source, identity);
            var outcome = _sessions.Receive(message, identity[..length], now, _inbox.Handshakes.Count - 1);
            EngineLog.Handshake(_logger, outcome);
            _inbox.Handshakes.Remove();
        }
        while (_inbox.TryTake(out var signal))
        {
            if (signal.Confirmed is { } keypair)
                signal.Session.Confirm(keypair, now);
            else
                signal.Session.RequestHandshake(now);
        }
    }

    /// <summary>Timers, and what waits for workers to let go.</summary>
    public void Tick()
    {
        _sessions.Tick(Now);
        _pipeline.Sweep();
        if (Config is not { } config)
            return;
        _state.SaveIfMoved(config, _peers.Values, Now);
        if (Now >= _nextCheck)
            Repair(config);
    }

    /// <summary>Ends. With <paramref name="teardown"/> nothing is left of it in the system; without, the next engine goes on from here.</summary>
    public void Stop(bool teardown)
    {
        if (teardown)
            _state.Delete(_options.TimestampPath);
        else if (Config is { } config)
            _state.Save(config, _peers.Values);
        _pipeline.Stop();
        _devices.Close(delete: teardown);
    }

    /// <summary>Zeroes the keys and frees the buffers; after <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        _sessions.Dispose();
        _devices.Dispose();
        _pipeline.Dispose();
    }

    // What somebody changed about the devices by hand is put right; their addresses are the agent's.
    private void Repair(DataplaneConfig config)
    {
        _nextCheck = Now + CheckInterval;
        try
        {
            if (!_devices.AreIntact(config))
                Apply(config);
        }
        catch (Exception e) when (e is DataplaneException || IoFailure.Is(e))
        {
            EngineLog.NotRepaired(_logger, e.Message);
        }
    }

    private DataplaneConfig RequireConfig() =>
        Config ?? throw new DataplaneException(DataplaneError.Refused, "The data plane has no configuration yet: apply one first.");

    private bool NeedsSocket(DataplaneConfig config) => Config is null || Config.ListenPort != config.ListenPort;

    private void Prepare(DataplaneConfig config, UdpPort? udp)
    {
        try
        {
            _devices.Prepare(config);
            if (udp is null && Config!.FirewallMark != config.FirewallMark)
                _pipeline.State.Udp!.SetMark(config.FirewallMark);
        }
        catch
        {
            udp?.Dispose();
            throw;
        }
    }

    private void PutInPlace(DataplaneConfig config, UdpPort? udp, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints)
    {
        var former = Config;
        if (udp is not null)
            _pipeline.SetUdp(udp);
        RemovePeers(config);
        var keyChanged = former?.PrivateKey != config.PrivateKey;
        if (keyChanged)
            _sessions.SetPrivateKey(config.PrivateKey.Bytes);
        _pipeline.State.Mtu = config.Mtu;
        if (_pipeline.State.Main != _devices[config.Interface])
            _pipeline.SetMain(_devices[config.Interface]);
        var toCall = config.Peers.Where(peer => Put(peer, endpoints) || keyChanged).ToList();
        SetRoutes(config);
        foreach (var unused in _devices.TakeUnused(config))
            _pipeline.Delete(unused);
        Config = config;
        foreach (var peer in toCall.Where(peer => _peers[peer.PublicKey].Peer.Endpoint is not null))
            _peers[peer.PublicKey].Peer.Session.RequestHandshake(Now);
        _state.Save(config, _peers.Values);
        EngineLog.Applied(_logger, config.Interface, _pipeline.State.Udp!.Port, config.Peers.Length);
        if (!string.Equals(former?.Interface, config.Interface, StringComparison.Ordinal))
            InterfaceChanged?.Invoke(config.Interface);
    }

    private void RemovePeers(DataplaneConfig config)
    {
        var wanted = config.Peers.Select(peer => peer.PublicKey).ToHashSet();
        foreach (var (key, gone) in _peers.Where(peer => !wanted.Contains(peer.Key)).ToList())
        {
            _pipeline.SetLink(gone.Peer, null);
            _pipeline.Post(gone.Peer, SendTask.DropStaged);
            _sessions.RemovePeer(gone.Peer.Session);
            _peers.Remove(key);
        }
    }

    // True if the peer is new, or has another endpoint: it is to be called.
    private bool Put(PeerConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints)
    {
        var isNew = !_peers.TryGetValue(config.PublicKey, out var entry);
        entry ??= _peers[config.PublicKey] = new EnginePeer(Peer.Create(_sessions, config.PublicKey), config);
        var (peer, former) = (entry.Peer, entry.Config);
        entry.Config = config;
        if (isNew || former.PresharedKey != config.PresharedKey)
            peer.Session.SetPresharedKey(config.PresharedKey.GetValueOrDefault().Bytes);
        peer.Session.PersistentKeepalive = config.PersistentKeepalive * 1000L;
        PutLink(peer, config.Link, isNew ? null : former.Link);
        var endpoint = isNew && endpoints?.TryGetValue(config.PublicKey, out var saved) == true ? saved : config.Endpoint;
        if (endpoint is null || (!isNew && endpoint.Equals(former.Endpoint)))
            return false;
        peer.Endpoint = new UdpAddress(endpoint);
        return true;
    }

    private void PutLink(Peer peer, LinkConfig? link, LinkConfig? former)
    {
        if (link is null)
        {
            if (peer.Link is not null)
                _pipeline.SetLink(peer, null);
            return;
        }
        var port = _devices[link.Name];
        var isSame = peer.Link?.Port == port && former is not null
            && link.LocalTunnel.Equals(former.LocalTunnel) && link.RemoteTunnel.Equals(former.RemoteTunnel);
        if (!isSame)
            _pipeline.SetLink(peer, new PeerLink(port, new GreHeader(link.LocalTunnel, link.RemoteTunnel)));
    }

    private void SetRoutes(DataplaneConfig config)
    {
        var routes = new AllowedIpTrie<Peer>();
        foreach (var peer in config.Peers)
        {
            foreach (var prefix in peer.AllowedIps)
                routes.Add(prefix, _peers[peer.PublicKey].Peer);
        }
        _pipeline.State.Routes = routes;
    }

    private static string Describe(Exception e) => e is IoException { Errno: Libc.AddressInUse } io
        ? $"{io.Message}: another program uses it. Stop that, or choose another listen port"
        : e.Message;
}
