using Meshover.Linux.Modules;
using Meshover.Linux.Netlink;
using Meshover.Linux.Nftables;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Reconciling;

/// <summary>Finds out what the kernel can do, and changes nothing by it.</summary>
internal static class CapabilityProbe
{
    public static NodeCapabilities Look(KernelModules modules) => new()
    {
        WireGuard = modules.Has("wireguard"),
        Gre = modules.Has("ip_gre"),
        Dummy = modules.Has("dummy"),
        Vrf = modules.Has("vrf"),
        Vxlan = modules.Has("vxlan"),
        Mpls = modules.Has("mpls_router"),
        Nftables = HasNftables(),
        FrrUser = FrrUser.Find(),
    };

    /// <summary>Asked of the kernel itself: the number of its ruleset, which every kernel with nftables has.</summary>
    private static bool HasNftables()
    {
        try
        {
            using var generation = new NftGeneration();
            generation.Read();
            return true;
        }
        catch (NetlinkException e)
        {
            // A moment's failure says nothing of the kernel: what needs nftables tries, and says what is wrong.
            return !e.IsAbsent;
        }
    }
}
