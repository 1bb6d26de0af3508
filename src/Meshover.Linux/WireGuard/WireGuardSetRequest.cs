using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;
using Words = Meshover.Linux.WireGuard.WireGuardAttributes;

namespace Meshover.Linux.WireGuard;

/// <summary>A change as a row of messages, each filled as far as its buffer goes. The first one carries the device's own settings.</summary>
internal sealed class WireGuardSetRequest(string device, WireGuardDeviceChange change)
{
    // nest 4, public key 36, preshared key 36, flags 8, endpoint 4 + 28, keepalive 8, the nest of allowed IPs 4.
    private const int LargestPeer = 128;

    // nest 4, family 8, address 4 + 16, prefix length 8.
    private const int LargestAllowedIp = 40;

    private bool _begun;
    private int _peer;
    private int _allowedIp;

    internal bool IsDone => _begun && _peer == change.Peers.Length;

    internal void WriteNext(ref NetlinkWriter writer)
    {
        GenericCodec.WriteHeader(ref writer, Words.SetDevice, Words.Version);
        writer.PutString(Words.Device.Name, device);
        if (!_begun)
            WriteDevice(ref writer);
        _begun = true;
        if (_peer == change.Peers.Length)
            return;
        var peers = writer.BeginNested(Words.Device.Peers | NetlinkWriter.NestedFlag);
        while (_peer < change.Peers.Length && writer.Room >= LargestPeer + LargestAllowedIp && WritePeer(ref writer, change.Peers[_peer]))
            (_peer, _allowedIp) = (_peer + 1, 0);
        writer.EndNested(peers);
    }

    private void WriteDevice(ref NetlinkWriter writer)
    {
        if (change.PrivateKey is { } key)
            writer.PutBytes(Words.Device.PrivateKey, key.Bytes);
        if (change.ListenPort is { } port)
            writer.PutUInt16(Words.Device.ListenPort, (ushort)port);
        if (change.FirewallMark is { } mark)
            writer.PutUInt32(Words.Device.FirewallMark, mark);
        if (change.ReplacePeers)
            writer.PutUInt32(Words.Device.Flags, Words.Device.ReplacePeers);
    }

    /// <summary>False: its allowed IPs go on in the next message, where it is named again.</summary>
    private bool WritePeer(ref NetlinkWriter writer, WireGuardPeerChange peer)
    {
        var nest = writer.BeginNested(NetlinkWriter.NestedFlag);
        writer.PutBytes(Words.Peer.PublicKey, peer.PublicKey.Bytes);
        if (Flags(peer) is var flags and not 0)
            writer.PutUInt32(Words.Peer.Flags, flags);
        if (_allowedIp == 0)
            WriteSettings(ref writer, peer);
        var isWhole = WriteAllowedIps(ref writer, peer.AllowedIps ?? []);
        writer.EndNested(nest);
        return isWhole;
    }

    private uint Flags(WireGuardPeerChange peer) =>
        (peer.Remove ? Words.Peer.Remove : 0)
        | (peer.UpdateOnly ? Words.Peer.UpdateOnly : 0)
        | (peer.AllowedIps is not null && _allowedIp == 0 ? Words.Peer.ReplaceAllowedIps : 0);

    private static void WriteSettings(ref NetlinkWriter writer, WireGuardPeerChange peer)
    {
        if (peer.PresharedKey is { } key)
            writer.PutBytes(Words.Peer.PresharedKey, key.Bytes);
        if (peer.Endpoint is { } endpoint)
        {
            Span<byte> address = stackalloc byte[SocketAddressCodec.MaxLength];
            writer.PutBytes(Words.Peer.Endpoint, address[..SocketAddressCodec.Write(endpoint, address)]);
        }

        if (peer.PersistentKeepalive is { } seconds)
            writer.PutUInt16(Words.Peer.PersistentKeepalive, (ushort)seconds);
    }

    private bool WriteAllowedIps(ref NetlinkWriter writer, ImmutableArray<IPNetwork> prefixes)
    {
        if (_allowedIp == prefixes.Length)
            return true;
        var nest = writer.BeginNested(Words.Peer.AllowedIps | NetlinkWriter.NestedFlag);
        while (_allowedIp < prefixes.Length && writer.Room >= LargestAllowedIp)
            WriteAllowedIp(ref writer, prefixes[_allowedIp++]);
        writer.EndNested(nest);
        return _allowedIp == prefixes.Length;
    }

    private static void WriteAllowedIp(ref NetlinkWriter writer, IPNetwork prefix)
    {
        var nest = writer.BeginNested(NetlinkWriter.NestedFlag);
        writer.PutUInt16(Words.AllowedIp.Family, Families.Of(prefix.BaseAddress));
        writer.PutAddress(Words.AllowedIp.Address, prefix.BaseAddress);
        writer.PutByte(Words.AllowedIp.PrefixLength, (byte)prefix.PrefixLength);
        writer.EndNested(nest);
    }
}
