namespace Meshover.Linux.WireGuard;

/// <summary>
/// The kernel's words (linux/wireguard.h). A request names the device; a set carries what is to change, a get is a dump:
/// <code>
/// WGDEVICE_A_* { …, WGDEVICE_A_PEERS { 0: WGPEER_A_* { …, WGPEER_A_ALLOWEDIPS { 0: WGALLOWEDIP_A_*, … } }, … } }
/// </code>
/// Both may need several messages. Of a set, each is applied by itself. Of a get, the first has the device's own attributes, and a
/// peer whose allowed IPs did not fit goes on at the begin of the next message, with its public key and more allowed IPs alone.
/// </summary>
internal static class WireGuardAttributes
{
    internal const string Family = "wireguard";
    internal const byte Version = 1;
    internal const byte GetDevice = 0;
    internal const byte SetDevice = 1;

    internal static class Device
    {
        internal const ushort LinkIndex = 1;
        internal const ushort Name = 2;
        internal const ushort PrivateKey = 3;
        internal const ushort PublicKey = 4;
        internal const ushort Flags = 5;
        internal const ushort ListenPort = 6;
        internal const ushort FirewallMark = 7;
        internal const ushort Peers = 8;
        internal const uint ReplacePeers = 1;
    }

    internal static class Peer
    {
        internal const ushort PublicKey = 1;
        internal const ushort PresharedKey = 2;
        internal const ushort Flags = 3;
        internal const ushort Endpoint = 4;
        internal const ushort PersistentKeepalive = 5;
        internal const ushort LastHandshake = 6;
        internal const ushort RxBytes = 7;
        internal const ushort TxBytes = 8;
        internal const ushort AllowedIps = 9;
        internal const uint Remove = 1;
        internal const uint ReplaceAllowedIps = 2;
        internal const uint UpdateOnly = 4;
    }

    internal static class AllowedIp
    {
        internal const ushort Family = 1;
        internal const ushort Address = 2;
        internal const ushort PrefixLength = 3;
    }
}
