using Meshover.WireGuard.Io;

namespace Meshover.WireGuard.Control;

/// <summary>The engine's TUN devices by name. Control thread.</summary>
internal sealed class EngineDevices(bool offloads) : IDisposable
{
    private readonly Dictionary<string, TunPort> _ports = new(StringComparer.Ordinal);
    private readonly DeviceSetup _setup = new();

    public TunPort this[string name] => _ports[name];

    /// <summary>
    /// Makes every device that the configuration names and is not there yet, and gives all of them their MTU and alias. When one cannot be made, those
    /// made before it are taken back.
    /// </summary>
    public void Prepare(DataplaneConfig config)
    {
        var made = new List<(TunPort Port, bool IsNew)>();
        try
        {
            Ensure(config.Interface, config.Mtu, alias: "", made);
            foreach (var link in config.Peers.Select(peer => peer.Link).OfType<LinkConfig>())
                Ensure(link.Name, link.Mtu, link.Alias, made);
        }
        catch
        {
            made.ForEach(device => TakeBack(device.Port, device.IsNew));
            throw;
        }
    }

    /// <summary>Gives up the devices that the configuration does not name, and returns them for deletion.</summary>
    public IReadOnlyList<TunPort> TakeUnused(DataplaneConfig config)
    {
        var wanted = config.Peers.Select(peer => peer.Link?.Name).OfType<string>().Append(config.Interface).ToHashSet(StringComparer.Ordinal);
        var unused = _ports.Values.Where(port => !wanted.Contains(port.Name)).ToList();
        unused.ForEach(port => _ports.Remove(port.Name));
        return unused;
    }

    /// <summary>Closes all; the workers have stopped. With <paramref name="delete"/> the devices go too.</summary>
    public void Close(bool delete)
    {
        foreach (var port in _ports.Values)
        {
            if (delete)
                port.DeleteOnDispose();
            port.Dispose();
        }
        _ports.Clear();
    }

    public void Dispose() => _setup.Dispose();

    private void Ensure(string name, int mtu, string alias, List<(TunPort Port, bool IsNew)> made)
    {
        if (!_ports.ContainsKey(name))
        {
            var isNew = !_setup.Exists(name);
            var port = TunPort.Open(name, offloads);
            _ports.Add(name, port);
            made.Add((port, isNew));
        }
        _setup.Configure(name, mtu, alias);
    }

    // What an earlier engine left is left again.
    private void TakeBack(TunPort port, bool isNew)
    {
        _ports.Remove(port.Name);
        if (isNew)
            port.DeleteOnDispose();
        port.Dispose();
    }
}
