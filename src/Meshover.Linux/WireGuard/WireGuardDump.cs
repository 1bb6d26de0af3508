using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using Meshover.Linux.Netlink;
using Meshover.Linux.Netlink.Codec;
using Meshover.Linux.Netlink.Wire;
using Words = Meshover.Linux.WireGuard.WireGuardAttributes;

namespace Meshover.Linux.WireGuard;

/// <summary>Reads the answer to a get: one piece of the device per message, then the pieces as a whole.</summary>
internal static class WireGuardDump
{
    internal static void WriteRequest(ref NetlinkWriter writer, string device)
    {
        GenericCodec.WriteHeader(ref writer, Words.GetDevice, Words.Version);
        writer.PutString(Words.Device.Name, device);
    }

    /// <summary>The device as far as this message tells it; without a name where it goes on from another.</summary>
    internal static bool TryParse(NetlinkMessage message, out WireGuardDeviceInfo piece)
    {
        piece = new WireGuardDeviceInfo { LinkIndex = 0, Name = "" };
        var attributes = message.Attributes(GenericCodec.HeaderLength);
        while (attributes.TryRead(out var attribute))
        {
            piece = attribute.Type switch
            {
                Words.Device.LinkIndex => piece with { LinkIndex = attribute.AsInt32() },
                Words.Device.Name => piece with { Name = attribute.AsString() },
                Words.Device.PrivateKey => piece with { PrivateKey = new CurveSecret(attribute.Exactly(CurveKey.Length)) },
                Words.Device.PublicKey => piece with { PublicKey = new CurveKey(attribute.Exactly(CurveKey.Length)) },
                Words.Device.ListenPort => piece with { ListenPort = attribute.AsUInt16() },
                Words.Device.FirewallMark => piece with { FirewallMark = attribute.AsUInt32() },
                Words.Device.Peers => piece with { Peers = ReadPeers(attribute.Nested) },
                _ => piece,
            };
        }

        return true;
    }

    /// <summary>The whole; null where there was no piece.</summary>
    internal static WireGuardDeviceInfo? Join(IReadOnlyList<WireGuardDeviceInfo> pieces)
    {
        if (pieces.Count <= 1)
            return pieces.Count == 0 ? null : pieces[0];
        var peers = ImmutableArray.CreateBuilder<WireGuardPeerInfo>();
        foreach (var peer in pieces.SelectMany(piece => piece.Peers))
        {
            if (peers.Count > 0 && peers[^1].PublicKey == peer.PublicKey)
                peers[^1] = peers[^1] with { AllowedIps = [.. peers[^1].AllowedIps, .. peer.AllowedIps] };
            else
                peers.Add(peer);
        }

        return pieces[0] with { Peers = peers.ToImmutable() };
    }

    private static ImmutableArray<WireGuardPeerInfo> ReadPeers(AttributeReader list)
    {
        var peers = ImmutableArray.CreateBuilder<WireGuardPeerInfo>();
        while (list.TryRead(out var peer))
            peers.Add(ReadPeer(peer.Nested));
        return peers.ToImmutable();
    }

    private static WireGuardPeerInfo ReadPeer(AttributeReader attributes)
    {
        CurveKey? key = null;
        var peer = new WireGuardPeerInfo { PublicKey = default };
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Words.Peer.PublicKey)
                key = new CurveKey(attribute.Exactly(CurveKey.Length));
            else
                peer = Apply(peer, attribute);
        }

        return peer with { PublicKey = key ?? throw new NetlinkFormatException("a WireGuard peer has no public key") };
    }

    private static WireGuardPeerInfo Apply(WireGuardPeerInfo peer, NetlinkAttribute attribute) => attribute.Type switch
    {
        Words.Peer.PresharedKey => peer with { PresharedKey = new CurveSecret(attribute.Exactly(CurveKey.Length)) },
        Words.Peer.Endpoint => peer with { Endpoint = SocketAddressCodec.Read(attribute.Value) },
        Words.Peer.PersistentKeepalive => peer with { PersistentKeepalive = attribute.AsUInt16() },
        Words.Peer.LastHandshake => peer with { LastHandshake = ReadTime(attribute.Exactly(16)) },
        Words.Peer.RxBytes => peer with { RxBytes = (long)attribute.AsUInt64() },
        Words.Peer.TxBytes => peer with { TxBytes = (long)attribute.AsUInt64() },
        Words.Peer.AllowedIps => peer with { AllowedIps = ReadAllowedIps(attribute.Nested) },
        _ => peer,
    };

    // struct __kernel_timespec { s64 seconds; s64 nanoseconds; }, all zero for never
    private static DateTimeOffset? ReadTime(ReadOnlySpan<byte> time)
    {
        var seconds = BinaryPrimitives.ReadInt64LittleEndian(time);
        var nanoseconds = BinaryPrimitives.ReadInt64LittleEndian(time[8..]);
        if (seconds == 0 && nanoseconds == 0)
            return null;
        if (seconds is < 0 or > uint.MaxValue || nanoseconds is < 0 or >= 1_000_000_000)
            throw new NetlinkFormatException($"a handshake at {seconds}.{nanoseconds} is not a time");
        return DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    private static ImmutableArray<IPNetwork> ReadAllowedIps(AttributeReader list)
    {
        var prefixes = ImmutableArray.CreateBuilder<IPNetwork>();
        while (list.TryRead(out var prefix))
            prefixes.Add(ReadAllowedIp(prefix.Nested));
        return prefixes.ToImmutable();
    }

    private static IPNetwork ReadAllowedIp(AttributeReader attributes)
    {
        IPAddress? address = null;
        byte length = 0;
        while (attributes.TryRead(out var attribute))
        {
            if (attribute.Type == Words.AllowedIp.Address)
                address = attribute.AsAddress();
            else if (attribute.Type == Words.AllowedIp.PrefixLength)
                length = attribute.AsByte();
        }

        return address is null
            ? throw new NetlinkFormatException("an allowed IP of WireGuard has no address")
            : Families.Prefix(address, length, Families.Of(address));
    }
}
