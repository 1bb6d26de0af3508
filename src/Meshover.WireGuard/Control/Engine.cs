using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>
/// The engine as its control thread sees it: the configuration that runs, the protocol, and the pipeline. Every method is that thread's
/// (<see cref="EngineLoop"/>). A change is checked whole, then what can fail is made ready, then it is put in place, which cannot fail.
/// </summary>
internal sealed class Engine : IControlTarget, IDisposable
{
    // A disk that has not taken the last state within this, as the engine ends, is not waited for.
    private static readonly TimeSpan DiskPatience = TimeSpan.FromSeconds(2);

    private readonly DataplaneOptions _options;
    private readonly ILogger _logger;
    private readonly EngineClock _clock;
    private readonly ControlInbox _inbox;
    private readonly EngineSink _sink = new();
    private readonly SessionManager _sessions;
    private readonly PacketPipeline _pipeline;
    private readonly EngineDevices _devices;
    private readonly EngineState _state;
    private readonly EnginePeers _peers;
    private readonly EngineUpkeep _upkeep;
    private readonly ITai64nStore _timestamps;
    private readonly LeapWatch _leaps;
    private readonly PlainDevice? _plain;

    public Engine(DataplaneOptions options, ControlInbox inbox, TimeProvider time, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _inbox = inbox;
        _clock = new EngineClock(time);
        _state = new EngineState(options.PlainInterface is null ? options.StatePath : null, logger);
        _timestamps = options.PlainInterface is null ? new TimestampFile(options.TimestampPath, logger) : new NoTai64nStore();
        _leaps = new LeapWatch(time);
        SessionManager? sessions = null;
        _pipeline = new PacketPipeline(_clock, inbox, gates =>
        {
            sessions = new SessionManager(new SessionOptions
            {
                Sink = _sink,
                Clock = time,
                TimestampStore = _timestamps,
                Gates = gates,
                IndexClasses = inbox.Workers,
            });
            return sessions.Indices;
        });
        _sessions = sessions!;
        _devices = new EngineDevices(_pipeline, options.OffloadKinds, isPlain: options.PlainInterface is not null);
        _peers = new EnginePeers(_sessions, _pipeline, _devices);
        _sink.Pipeline = _pipeline;
        if (options.PlainInterface is { } name)
            _plain = new PlainDevice(name, _devices, _sessions, _pipeline.State);
        _upkeep = new EngineUpkeep(_peers, _devices, _pipeline, Apply, logger);
        _pipeline.Start();
    }

    /// <summary>What runs; null before the first configuration.</summary>
    public DataplaneConfig? Config { get; private set; }

    /// <summary>Called with the main device's name when it is there, or is another than before.</summary>
    public Action<string>? InterfaceChanged { get; set; }

    public long Now => _clock.Now;

    /// <summary>Of a plain WireGuard: somebody deleted the device, so there is nothing left to do.</summary>
    public bool IsDeviceGone => _plain is { IsGone: true };

    /// <summary>In the order of the configuration.</summary>
    public IEnumerable<EnginePeer> Peers => (Config?.Peers ?? []).Select(peer => _peers.Find(peer.PublicKey)!);

    public PacketPipeline Pipeline => _pipeline;

    public WireGuardKey PublicKey => _sessions.PublicKey;

    /// <summary>Comes back with what an earlier engine saved. True if there is nothing left to come back with.</summary>
    public bool TryRestore()
    {
        if (_state.Load() is not { } saved)
            return true;
        try
        {
            Restore(saved);
            return true;
        }
        catch (DataplaneException e)
        {
            EngineLog.NotRestored(_logger, e.Message);
            return e.Error == DataplaneError.Refused;
        }
    }

    private void Restore(SavedState saved)
    {
        var endpoints = saved.Endpoints.DistinctBy(one => one.PublicKey).ToDictionary(one => one.PublicKey, one => one.Endpoint);
        Put(saved.Config, changed: saved.Config.Peers, endpoints);
        foreach (var one in saved.Endpoints)
        {
            if (one.Newest is { } text && Tai64n.Parse(text) is { } newest && _peers.Find(one.PublicKey) is { } peer)
                peer.Peer.Session.NewestTimestamp = newest;
        }
        _state.Save(saved.Config, _peers.All);
    }

    public DataplaneStatus ReadStatus() => EngineStatus.Read(this);

    /// <inheritdoc/>
    public void Apply(DataplaneConfig config) => Apply(config, endpoints: null);

    /// <summary>As <see cref="DataplaneClient.ApplyAsync"/>.</summary>
    /// <param name="config">All that the engine shall be.</param>
    /// <param name="endpoints">Where new peers are, if not where the configuration says.</param>
    /// <param name="renewPeers">Peers that are there already are made anew, too: without sessions, endpoint and counters.</param>
    public void Apply(
        DataplaneConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints, bool renewPeers = false)
    {
        Put(config, changed: config.Peers, endpoints, renewPeers);
        _state.Save(config, _peers.All);
    }

    /// <summary>As <see cref="DataplaneClient.UpdateAsync"/>.</summary>
    public void Update(ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removed)
    {
        Put(ConfigEdit.Update(RequireConfig(), upserts, removed), changed: upserts, endpoints: null);
        _state.SaveSoon();
    }

    // The devices of peers that are not among the changed ones are as they should be.
    private void Put(
        DataplaneConfig config, ImmutableArray<PeerConfig> changed, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints, bool renewPeers = false)
    {
        var faults = ConfigValidator.Validate(config);
        if (faults.Count > 0)
            throw new DataplaneException(DataplaneError.Refused, Refusal(faults));
        try
        {
            var udp = NeedsSocket(config) ? OpenPort(config) : null;
            Prepare(config, changed, udp);
            PutInPlace(config, udp, endpoints, renewPeers);
        }
        catch (Exception e) when (IoFailure.Is(e))
        {
            throw new DataplaneException(
                e is IoException { Errno: Libc.AddressInUse } ? DataplaneError.PortTaken : DataplaneError.Failed, $"The configuration cannot be put in place: {Describe(e)}. What ran before keeps running.", e);
        }
    }

    /// <summary>As <see cref="DataplaneClient.SetEndpointAsync"/>.</summary>
    public void SetEndpoint(WireGuardKey key, IPEndPoint endpoint)
    {
        if (!ConfigValidator.IsEndpoint(endpoint))
            throw new DataplaneException(DataplaneError.Refused, $"{endpoint} is not an endpoint that packets can be sent to.");
        RequireConfig();
        var peer = _peers.Find(key) ?? throw new DataplaneException(DataplaneError.Refused, $"There is no peer {key}.");
        peer.Peer.Endpoint = new UdpAddress(endpoint);
        if (_plain is null)
            peer.Peer.Session.RequestHandshake(Now);
    }

    /// <summary>
    /// Takes the handshakes that came and what the workers found, as far as it had come when this began: under a flood timers and clients
    /// have their turn, too.
    /// </summary>
    public void HandleInbox()
    {
        var now = Now;
        if (!_sessions.IsRunning)
            _plain?.Follow(); // what has come may have come because the device has just been set up
        _pipeline.Handshakes.Receive(_sessions);
        HandleHandshakes(_pipeline.Handshakes.Received, now);
        foreach (var strays in _inbox.Strays)
            HandleHandshakes(strays, now);
        for (var waiting = _inbox.Waiting; waiting > 0 && _inbox.TryTake(out var signal); waiting--)
            HandleSignal(signal, now);
        if (_inbox.HasMore)
            _inbox.Wake();
    }

    /// <summary>Timers, and what waits for workers to let go.</summary>
    public void Tick()
    {
        _plain?.Follow();
        if (_leaps.HasLeapt(Now))
            Awake();
        _sessions.Tick(Now);
        _pipeline.Sweep();
        _upkeep.CheckReplyPaths(Now);
        if (_plain is not null || Config is not { } config)
            return;
        _state.SaveIfChanged(config, _peers.All, Now);
        _upkeep.Tick(config, Now);
    }

    /// <summary>
    /// Ends. With <paramref name="teardown"/> nothing is left of it in the system but how far its timestamps had come; without, the next
    /// engine goes on from here.
    /// </summary>
    public void Stop(bool teardown)
    {
        if (teardown)
            _state.Delete();
        else if (Config is { } config)
            _state.Save(config, _peers.All);
        _sessions.SaveLastTimestamp();
        _pipeline.Stop();
        _devices.Close(delete: teardown);
        if (!_state.Flush(DiskPatience) || !_timestamps.Flush(DiskPatience))
            EngineLog.NotWritten(_logger, DiskPatience.TotalSeconds);
    }

    // Nobody knows how much of what was agreed still holds, or where everybody is now. A plain WireGuard is silent until it has something to
    // send.
    private void Awake()
    {
        EngineLog.Leapt(_logger);
        _sessions.EndExpired(Now);
        foreach (var peer in _plain is null ? _peers.All : [])
            peer.Call(Now);
    }

    /// <summary>
    /// Zeroes the keys and frees the buffers; after <see cref="Stop"/>, or after a fault: then the workers still run, and what they use must
    /// not be freed under them, or the process dies before it has said why.
    /// </summary>
    public void Dispose()
    {
        _pipeline.Stop();
        _sessions.Dispose();
        _upkeep.Dispose();
        _devices.Dispose();
        _pipeline.Dispose();
    }

    private void HandleSignal(PeerSignal signal, long now)
    {
        if (signal.Moved)
            CheckMoved((Peer)signal.Session.Owner);
        else if (signal.Confirmed is { } session)
            signal.Session.Confirm(session, now);
        else
            signal.Session.RequestHandshake(now);
    }

    private void CheckMoved(Peer peer)
    {
        peer.TakeMove();
        _pipeline.CheckReplyPath(peer);
    }

    private void HandleHandshakes(HandshakeQueue handshakes, long now)
    {
        Span<byte> identity = stackalloc byte[UdpAddress.MaxLength];
        for (var waiting = handshakes.Count; waiting > 0 && handshakes.TryPeek(out var message, out var source); waiting--)
        {
            _sink.BeginDatagram(source, message.Length);
            var length = UdpAddress.WriteIdentity(source, identity);
            var outcome = _sessions.Receive(message, identity[..length], now, handshakes.Initiations);
            EngineLog.Handshake(_logger, outcome);
            handshakes.Remove();
        }
    }

    private UdpPort OpenPort(DataplaneConfig config) =>
        UdpPort.Open(config.ListenPort, config.FirewallMark, _options.OffloadKinds, _pipeline.State.Workers);

    private DataplaneConfig RequireConfig() =>
        Config ?? throw new DataplaneException(DataplaneError.Refused, "The data plane has no configuration yet: apply one first.");

    private static string Refusal(IReadOnlyList<string> faults) =>
        $"The configuration is wrong: {string.Join("; ", faults)}. Nothing was changed.";

    // One that the kernel chose may be named later: it is ours already.
    private bool NeedsSocket(DataplaneConfig config) =>
        Config is null || (Config.ListenPort != config.ListenPort && _pipeline.State.Udp!.Port != config.ListenPort);

    private void Prepare(DataplaneConfig config, ImmutableArray<PeerConfig> changed, UdpPort? udp)
    {
        try
        {
            _devices.Prepare(config, changed);
            if (Config?.FirewallMark != config.FirewallMark)
                _pipeline.SetMark(config.FirewallMark);
        }
        catch
        {
            _devices.Undo();
            udp?.Dispose();
            throw;
        }
    }

    private void PutInPlace(
        DataplaneConfig config, UdpPort? udp, IReadOnlyDictionary<WireGuardKey, IPEndPoint>? endpoints, bool renewPeers)
    {
        var former = Config;
        if (udp is not null)
            _pipeline.SetUdp(udp);
        _peers.Rename(config.Peers);
        _peers.RemoveOthers(renewPeers ? [] : config.Peers);
        var keyChanged = former?.PrivateKey != config.PrivateKey || former?.OtherPrivateKey != config.OtherPrivateKey;
        // Sessions that go on are agreed anew by themselves.
        var endsSessions = keyChanged && _sessions.SetPrivateKey(config.PrivateKey.Bytes, config.OtherPrivateKey.GetValueOrDefault().OrEmpty);
        if (_plain is null || former is null)
            _pipeline.State.Mtu = config.Mtu;
        if (_pipeline.State.Main != _devices[config.Interface])
            _pipeline.SetMain(_devices[config.Interface]);
        var toCall = config.Peers.Where(peer => _peers.Put(peer, endpoints) || endsSessions).ToList();
        _pipeline.State.Routes = _peers.Routes(config);
        foreach (var unused in _devices.TakeUnused(config))
            _pipeline.Delete(unused);
        Config = config;
        // WireGuard itself is silent until it has something to send.
        foreach (var peer in _plain is null ? toCall : [])
            _peers.Find(peer.PublicKey)!.Call(Now);
        EngineLog.Applied(_logger, config.Interface, _pipeline.State.Udp!.Port, config.Peers.Length);
        if (!string.Equals(former?.Interface, config.Interface, StringComparison.Ordinal))
            InterfaceChanged?.Invoke(config.Interface);
    }

    /// <summary>What the peer's link is made to be, in bytes; 0: it has none.</summary>
    internal int LinkMtu(PeerConfig peer) => peer.Link is null ? 0 : _devices.LinkMtu(peer);

    private static string Describe(Exception e) => e is IoException { Errno: Libc.AddressInUse }
        ? $"{e.Message}; another program uses it: stop that, or choose another listen port"
        : e.Message;
}
