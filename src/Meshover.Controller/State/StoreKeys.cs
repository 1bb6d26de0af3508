using System.Globalization;
using Meshover.Controller.Stores;

namespace Meshover.Controller.State;

/// <summary>The keys of the store. The part before the slash is the folder and tells the record's type.</summary>
internal static class StoreKeys
{
    public const string Mesh = "mesh";
    public const string Secret = "secret";
    public const string Allocation = "allocation";
    public const string Floor = "floor";
    public const string Ended = "ended";

    /// <summary>
    /// Folders with it in front sort behind all others. They may grow, are read in pages where somebody asks for them, and are not held in memory,
    /// by no release, whether it knows them or not.
    /// </summary>
    public const char Apart = '~';

    public const string AuditFolder = "~audit";
    public const string RoutineFolder = "~routine";
    public const string EventFolder = "~events";

    /// <summary>What is held in memory.</summary>
    public static readonly StoreRange Resident = new("", $"{Apart}");

    public const string NodeFolder = "node";
    public const string ReachFolder = "reach";
    public const string IdentityFolder = "identity";
    public const string TokenFolder = "token";
    public const string ConsoleFolder = "console";
    public const string WithdrawnFolder = "withdrawn";
    public const string OrderFolder = "order";
    public const string HostNameFolder = "hostname";
    public const string Address4Folder = "address4";
    public const string Address6Folder = "address6";
    public const string TunnelFolder = "tunnel";
    public const string AsnFolder = "asn";
    public const string WireGuardFolder = "wireguard";

    public static string Node(uint id) => $"{NodeFolder}/{id:x8}";
    public static string Reach(uint id) => $"{ReachFolder}/{id:x8}";
    public static string Identity(string thumbprint) => $"{IdentityFolder}/{thumbprint}";
    public static string Token(string id) => $"{TokenFolder}/{id}";
    public static string Console(string id) => $"{ConsoleFolder}/{id}";
    public static string Withdrawn(uint id) => $"{WithdrawnFolder}/{id:x8}";
    public static string Order(uint id) => $"{OrderFolder}/{id:x8}";
    public static string HostName(string name) => $"{HostNameFolder}/{name}";
    public static string Address4(string address) => $"{Address4Folder}/{address}";
    public static string Address6(string address) => $"{Address6Folder}/{address}";
    public static string Tunnel(string address) => $"{TunnelFolder}/{address}";
    public static string Asn(uint asn) => $"{AsnFolder}/{asn}";

    public static string WireGuard(string key) => $"{WireGuardFolder}/{key}";

    /// <summary>The numbers that only one node may have at a time; they rest after its removal.</summary>
    public static string[] Numbers(StoredNode node) =>
        [Address4(node.Address4), Address6(node.Address6), Tunnel(node.TunnelAddress), Asn(node.Asn), .. node.Further.Select(further => Address(further.Address)), .. node.Resting.Select(resting => Address(resting.Address))];

    /// <summary>A node address of either family.</summary>
    public static string Address(string address) => address.Contains(':', StringComparison.Ordinal) ? Address6(address) : Address4(address);

    public static bool IsResident(string key) => key[0] != Apart;

    /// <summary>The key of an entry whose folder is in the order of its numbers.</summary>
    public static string Numbered(string folder, long number) => $"{folder}/{number:x16}";

    /// <summary>The number of such a key.</summary>
    public static long NumberOf(string key) => long.Parse(key.AsSpan(key.IndexOf('/', StringComparison.Ordinal) + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    public static string FolderOf(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? key : key[..slash];
    }
}
