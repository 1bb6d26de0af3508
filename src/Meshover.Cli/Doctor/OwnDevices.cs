using Meshover.Linux.Netlink;
using Meshover.Mesh.Planning;

namespace Meshover.Cli.Doctor;

/// <summary>Which interfaces are, or would be, ours.</summary>
internal static class OwnDevices
{
    /// <summary>It has one of our names, whoever made it.</summary>
    public static bool IsName(string name) => KernelNames.Default.IsOurs(name);

    /// <summary>It has one of our names and is of a kind that we make.</summary>
    public static bool IsOurs(LinkInfo link) => KernelNames.Default.IsOurs(link.Name, link.Kind);

    /// <summary>The kinds that we make of that name.</summary>
    public static string KindsOf(string name) => string.Join(" or ", KernelNames.Default.KindsOf(name));
}
