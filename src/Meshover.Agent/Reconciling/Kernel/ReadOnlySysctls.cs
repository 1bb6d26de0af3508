namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>What to say where /proc/sys is read-only, as in a container, and is not as it must be.</summary>
public static class ReadOnlySysctls
{
    /// <summary>The keys as they are given to a container from outside, with their values.</summary>
    public static string Advice(IEnumerable<(string Key, string Value)> wanted) =>
        "/proc/sys is read-only here, so these must be set from outside: give the container "
        + string.Join(' ', wanted.Select(one => $"--sysctl {FromOutside(one.Key)}={one.Value}").Distinct(StringComparer.Ordinal))
        + " (in a systemd unit: ProtectKernelTunables=no; in Kubernetes: securityContext.sysctls), or, where it has the machine's own network, set them on the machine by `sysctl -w`";

    // Interfaces are not there yet when a container is made: what holds for all of them, or for new ones, is what can be given.
    private static string FromOutside(string key)
    {
        if (key == SysctlDiff.Forwarding4)
            return "net.ipv4.ip_forward";
        if (key.EndsWith(".rp_filter", StringComparison.Ordinal))
            return "net.ipv4.conf.all.rp_filter";
        if (key.EndsWith(".accept_ra", StringComparison.Ordinal))
            return "net.ipv6.conf.default.accept_ra";
        return key.EndsWith(".disable_ipv6", StringComparison.Ordinal) ? "net.ipv6.conf.default.disable_ipv6" : key;
    }
}
