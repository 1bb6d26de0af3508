using Meshover.Agent.Reconciling.Kernel;
using Meshover.Linux.Netlink;
using Meshover.Mesh.Identity;
using Meshover.WireGuard.Control;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>The kernel's <c>gre</c> devices, one for each peer, bound to the WireGuard device.</summary>
internal sealed class KernelLinks(IRouteNetlink netlink)
{
    private const string LinkKindName = "gre";

    internal static bool IsLink(LinkInfo link) => link.Kind == LinkKindName && NodeId.IsLinkName(link.Name);

    /// <summary>
    /// What an interface of ours must be told before it is up: no address of the kernel's making. Null where IPv6 is off, as such a
    /// kernel refuses to hear of it.
    /// </summary>
    internal static AddressGenerationMode? NoOwnAddress(LinkInfo device) => device.AddressGeneration is null ? null : AddressGenerationMode.None;

    internal static DataplaneException InTheWay(LinkInfo link) => new(
        DataplaneError.Failed, $"An interface {link.Name} of kind {link.Kind} is in the way: delete or rename it (`ip link delete {link.Name}`).");

    /// <summary>Makes, changes and removes links as the configuration says, and goes on past one that fails.</summary>
    /// <exception cref="DataplaneException">All that failed.</exception>
    /// <exception cref="NetlinkException">The links could not be listed.</exception>
    internal void Change(DataplaneConfig config, LinkInfo device, List<string> changes)
    {
        var present = netlink.GetLinks().ToDictionary(link => link.Name, StringComparer.Ordinal);
        var wanted = config.Peers.Select(peer => peer.Link).OfType<LinkConfig>().ToDictionary(link => link.Name, StringComparer.Ordinal);
        var errors = new List<string>();
        foreach (var former in present.Values.Where(link => IsLink(link) && !wanted.ContainsKey(link.Name)))
            Try(() => Remove(former.Name));
        foreach (var link in wanted.Values)
            Try(() => Ensure(link, present.GetValueOrDefault(link.Name), device));
        if (errors.Count > 0)
            throw new DataplaneException(DataplaneError.Failed, string.Join("; ", errors));

        void Try(Func<string?> step)
        {
            try
            {
                if (step() is { } change)
                    changes.Add(change);
            }
            catch (Exception e) when (e is NetlinkException or DataplaneException)
            {
                errors.Add(e.Message);
            }
        }
    }

    private string Remove(string link)
    {
        netlink.DeleteIfThere(link);
        return $"remove {link}";
    }

    private string? Ensure(LinkConfig link, LinkInfo? seen, LinkInfo device)
    {
        if (seen is null)
            return Create(link, device);
        if (seen.Kind != LinkKindName)
            throw InTheWay(seen);
        if (KernelDataplaneDiff.OfLink(seen, link, device.Index) is not { } change)
            return null;
        try
        {
            netlink.SetLink(link.Name, change);
            return $"changed {link.Name}";
        }
        catch (NetlinkException) when (change.Gre is not null)
        {
            // Not everything of a tunnel can be changed in place.
            netlink.DeleteIfThere(link.Name);
            return Create(link, device);
        }
    }

    private string Create(LinkConfig link, LinkInfo device)
    {
        netlink.CreateLink(LinkSpec.OfGre(link.Name, KernelDataplaneDiff.Tunnel(link, device.Index)) with { Mtu = link.Mtu });
        // In one message, what the kernel can take in one: with a thousand links each message counts.
        netlink.SetLink(
            link.Name,
            new LinkChange { Alias = link.Alias, Multicast = true, AddressGeneration = NoOwnAddress(device), Ipv4 = SysctlDiff.OwnLink4 });
        return $"create {link.Name}";
    }
}
