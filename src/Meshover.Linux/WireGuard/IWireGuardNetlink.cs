using Meshover.Linux.Netlink;

namespace Meshover.Linux.WireGuard;

/// <summary>
/// The WireGuard devices of the kernel, in one network namespace. They are made and deleted as links
/// (<see cref="IRouteNetlink.CreateLink"/>). Calls are safe from several threads; every failure is a <see cref="NetlinkException"/>.
/// </summary>
public interface IWireGuardNetlink : IDisposable
{
    /// <summary>The device with all its peers and their state; null where there is no interface of that name. EOPNOTSUPP: it is of another kind.</summary>
    WireGuardDeviceInfo? FindDevice(string name);

    /// <summary>
    /// Changes the device, in as many messages as it takes. Each is applied by itself: where one is refused, those before it hold, and
    /// to send the same again does no harm.
    /// </summary>
    void ChangeDevice(string name, WireGuardDeviceChange change);
}
