using Meshover.Linux.Netlink;
using Meshover.Linux.Sysctl;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// What a bridge needs whose hosts are announced one by one (docs/decisions/061): the node answers ARP for the far ones, and hears of one that has
/// just come.
/// </summary>
internal static class WorkloadSysctls
{
    private const int Strict = 1;
    private const string Loose = "2";

    // proxy_delay stays: of a question that is held back the route is looked up once more, and so a host that has just come is seldom told that its own
    // address is somebody else's.
    private static readonly (string Family, string Tree, string Setting, string Value)[] Wanted =
    [
        ("ipv4", "conf", "proxy_arp", "1"),
        ("ipv4", "conf", "arp_accept", "2"), // of the interface's own prefixes; before Linux 6.0 as 1, of all
        ("ipv6", "conf", "accept_untracked_na", "1"), // Linux 5.19
    ];

    /// <summary>Those of these interfaces that the kernel has, with their values.</summary>
    internal static IReadOnlyDictionary<string, string> Observe(IEnumerable<string> links, ISysctls sysctls) =>
        (from link in links
         from wanted in Wanted
         let key = SysctlFile.InterfaceKey(wanted.Family, link, wanted.Setting, wanted.Tree)
         let value = sysctls.TryRead(key)
         where value is not null
         select (key, value)).ToDictionary(seen => seen.key, seen => seen.value);

    /// <summary>Of the sysctls that were changed, those of interfaces that are no longer among these.</summary>
    internal static IEnumerable<string> Owed(IReadOnlyList<SysctlEntry> changed, IEnumerable<string> links)
    {
        var kept = links.Select(link => link.Replace('.', '/')).ToHashSet(StringComparer.Ordinal);
        var left = changed.Select(entry => entry.Key.Split('.'))
            .Where(key => key is ["net", _, _, var link, _] && !kept.Contains(link) && Wanted.Any(wanted => (wanted.Family, wanted.Tree, wanted.Setting) == (key[1], key[2], key[4])))
            .ToList();
        return left.Select(key => string.Join('.', key)).Concat(left.Select(key => $"net.ipv4.conf.{key[3]}.rp_filter")).Distinct().Where(key => changed.Any(entry => entry.Key == key));
    }

    internal static IEnumerable<KernelChange> Compute(KernelState state, KernelPlan plan)
    {
        foreach (var link in plan.Workloads)
        {
            foreach (var (family, tree, setting, value) in Wanted)
            {
                var key = SysctlFile.InterfaceKey(family, link, setting, tree);
                if (state.WorkloadSysctls.TryGetValue(key, out var seen) && seen != value)
                    yield return new WriteSysctl(key, value);
            }
            // The route to a host still leads to where it was when its first packet comes, which strict filtering would drop.
            if (state.Links.FirstOrDefault(seen => seen.Name == link) is { Ipv4: { } ipv4 } && Math.Max(ipv4.RpFilter, state.RpFilterAll) == Strict)
                yield return new WriteSysctl(SysctlFile.InterfaceKey("ipv4", link, "rp_filter"), Loose);
        }
    }
}
