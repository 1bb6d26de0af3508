using Meshover.Cli.Down;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Cli.Doctor;

/// <summary>Which interfaces are, or would be, ours.</summary>
internal static class OwnDevices
{
    private static readonly NodeSettings Names = NodeSettings.Default;

    /// <summary>It has one of our names, whoever made it.</summary>
    public static bool IsName(string name) => Names.IsOwnInterface(name);

    /// <summary>It has one of our names and is of a kind that we make.</summary>
    public static bool IsOurs(LinkInfo link) =>
        LinkRemover.IsOurs(link) || (link.Name == Names.LoopbackInterface && link.Kind is "dummy" or "bridge");

    /// <summary>The kinds that we make of that name.</summary>
    public static string KindsOf(string name) =>
        name == Names.Interface ? "wireguard or tun" : name == Names.LoopbackInterface ? "dummy or bridge" : "gre or tun";
}
