using Meshover.Linux.Namespaces;
using Meshover.Linux.Netlink;
using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;

namespace Meshover.Linux.WireGuard;

/// <summary>Generic netlink's family <c>wireguard</c> over one socket.</summary>
public sealed class WireGuardNetlink : IWireGuardNetlink
{
    private readonly NetlinkConnection _connection;
    private GenericFamily? _family;

    /// <summary>Opens a socket in the network namespace of the calling thread.</summary>
    public WireGuardNetlink() : this(new NetlinkSocket(NetlinkSocket.ProtocolGeneric)) { }

    /// <summary>Speaks over the given transport, and owns it.</summary>
    public WireGuardNetlink(INetlinkTransport transport) => _connection = new NetlinkConnection(transport);

    /// <summary>Opens a socket in another network namespace; the calling thread stays where it is.</summary>
    public static WireGuardNetlink OpenIn(string namespacePath) => NetworkNamespace.RunIn(namespacePath, static () => new WireGuardNetlink());

    public WireGuardDeviceInfo? FindDevice(string name)
    {
        try
        {
            return WireGuardDump.Join(_connection.Dump<WireGuardDeviceInfo>($"read WireGuard device {name}", Family(),
                (ref NetlinkWriter writer) => WireGuardDump.WriteRequest(ref writer, name), WireGuardDump.TryParse));
        }
        catch (NetlinkException error) when (error.IsNotFound)
        {
            return null;
        }
    }

    public void ChangeDevice(string name, WireGuardDeviceChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var request = new WireGuardSetRequest(name, change);
        while (!request.IsDone)
            _connection.Execute("change WireGuard device", name, Family(), MessageFlags.None, request.WriteNext);
    }

    public void Dispose() => _connection.Dispose();

    // Asked for when it is needed: the family comes with the module, which comes with the first device.
    private ushort Family() => (_family ??= _connection.Query<GenericFamily>(
        "find generic netlink family", WireGuardAttributes.Family, GenericCodec.Controller,
        static (ref NetlinkWriter writer) => GenericCodec.WriteFindFamily(ref writer, WireGuardAttributes.Family), GenericCodec.TryParseFamily)
        ?? throw new NetlinkFormatException($"the kernel gave no number for {WireGuardAttributes.Family}")).Id;
}
