using System.Runtime.InteropServices;
using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;

namespace Meshover.WireGuard.Control;

/// <summary>The engine's TUN devices by name. Control thread.</summary>
/// <param name="pipeline">Deletes devices, in its own time, and may still have one that was to be deleted.</param>
/// <param name="offloads">As <see cref="DataplaneOptions.OffloadKinds"/>.</param>
/// <param name="isPlain">
/// A plain WireGuard's: the device goes with the engine, and once it is made, all about it is its user's.
/// </param>
internal sealed class EngineDevices(PacketPipeline pipeline, OffloadKinds offloads, bool isPlain) : IDisposable
{
    private readonly Dictionary<string, TunPort> _ports = new(StringComparer.Ordinal);
    private readonly List<TunPort> _lost = [];
    private readonly List<Made> _made = [];
    private readonly DeviceSetup _setup = new();

    public TunPort this[string name] => _ports[name];

    /// <summary>The MTU that a peer's link shall have.</summary>
    public Func<PeerConfig, int> LinkMtu { get; set; } = peer => peer.Link!.Mtu;

    /// <summary>
    /// Makes the main device and the links of these peers where they are not there yet, and gives all of them their MTU and alias. When
    /// one cannot be made, those made before it are taken back.
    /// </summary>
    public void Prepare(DataplaneConfig config, IEnumerable<PeerConfig> peers)
    {
        _made.Clear();
        try
        {
            Ensure(config.Interface, config.Mtu, alias: "");
            foreach (var peer in peers.Where(peer => peer.Link is not null))
                Ensure(peer.Link!.Name, LinkMtu(peer), peer.Link.Alias);
        }
        catch
        {
            Undo();
            throw;
        }
    }

    /// <summary>Takes back what the last <see cref="Prepare"/> made. What an earlier engine left is left again.</summary>
    public void Undo()
    {
        foreach (var (port, isNew) in _made)
        {
            _ports.Remove(port.Name);
            if (isNew)
                pipeline.Delete(port);
            else
                port.Dispose();
        }
        _made.Clear();
    }

    /// <summary>Whether a device is up, and its MTU; null if there is none of that name.</summary>
    public (bool IsUp, int Mtu)? Read(string name) => _setup.Read(name);

    /// <summary>Nobody has deleted a device, set it down or changed its MTU.</summary>
    public bool AreIntact(DataplaneConfig config)
    {
        bool IsIntact(string name, int mtu) => _ports.TryGetValue(name, out var port) && !port.IsLost && _setup.Read(name) == (true, mtu);
        return IsIntact(config.Interface, config.Mtu)
            && config.Peers.All(peer => peer.Link is not { } link || IsIntact(link.Name, LinkMtu(peer)));
    }

    /// <summary>Gives up the devices that the configuration does not name or that somebody deleted, and returns them for closing.</summary>
    public IReadOnlyList<TunPort> TakeUnused(DataplaneConfig config)
    {
        var links = config.Peers.Select(peer => peer.Link?.Name).OfType<string>();
        var wanted = links.Append(config.Interface).ToHashSet(StringComparer.Ordinal);
        var unused = _ports.Values.Where(port => !wanted.Contains(port.Name)).ToList();
        unused.ForEach(port => _ports.Remove(port.Name));
        unused.AddRange(_lost);
        _lost.Clear();
        return unused;
    }

    /// <summary>Closes all; the workers have stopped. With <paramref name="delete"/> the devices go too.</summary>
    public void Close(bool delete)
    {
        foreach (var port in _ports.Values.Concat(_lost))
        {
            if (delete)
                port.DeleteOnDispose();
            port.Dispose();
        }
        _ports.Clear();
        _lost.Clear();
    }

    public void Dispose() => _setup.Dispose();

    private void Ensure(string name, int mtu, string alias)
    {
        if (isPlain && _ports.ContainsKey(name))
            return;
        var former = _ports.GetValueOrDefault(name);
        var kept = former is null ? pipeline.TakeBack(name) : null;
        var exists = _setup.Exists(name);
        if (kept is not null)
            Add(kept, isNew: true);
        else if (former is null || former.IsLost || !exists)
            Add(TunPort.Open(name, offloads, persistent: !isPlain), isNew: !exists);
        _setup.Configure(name, mtu, alias, up: !isPlain);
    }

    private void Add(TunPort port, bool isNew)
    {
        if (_ports.TryGetValue(port.Name, out var former))
            _lost.Add(former);
        _ports[port.Name] = port;
        _made.Add(new Made(port, isNew));
    }

    /// <summary>A device that is among ours since the last preparation; a new one was not there before.</summary>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Made(TunPort Port, bool IsNew);
}
