using Meshover.Linux.Interfaces;
using Meshover.Linux.Netlink;

namespace Meshover.WireGuard.Io;

/// <summary>
/// What the kernel must know of the engine's devices besides their packets: MTU, ifalias, up. Addresses are others' business.
/// </summary>
internal sealed class DeviceSetup : IDisposable
{
    private readonly RouteNetlink _netlink = new();
    private readonly InterfaceSocket _interfaces = new();

    // By netlink, not by InterfaceSocket: a name that no interface has yet makes the latter slow.
    public bool Exists(string name) => _netlink.FindLink(name) is not null;

    /// <summary>Whether a device that was there lately is up, and its MTU in bytes. Null if it is gone.</summary>
    public (bool IsUp, int Mtu)? Read(string name) => _interfaces.Find(name);

    /// <summary>Makes it so, changing only what differs. The device gets no link-local address by itself.</summary>
    /// <param name="up">False: leaves it as it is.</param>
    /// <exception cref="NetlinkException">The kernel refused, or the device is gone.</exception>
    public void Configure(string name, int mtu, string alias, bool up = true)
    {
        var link = _netlink.GetLink(name);
        // A message of its own, before "up": together they come too late for the first address.
        if (link.AddressGeneration is not (null or AddressGenerationMode.None))
            _netlink.SetLink(name, new LinkChange { AddressGeneration = AddressGenerationMode.None });
        var change = new LinkChange
        {
            Mtu = link.Mtu == mtu ? null : mtu,
            Alias = string.Equals(link.Alias, alias, StringComparison.Ordinal) ? null : alias,
            Up = link.IsUp || !up ? null : true,
        };
        if (change != new LinkChange())
            _netlink.SetLink(name, change);
    }

    public void Dispose()
    {
        _netlink.Dispose();
        _interfaces.Dispose();
    }
}
