using Meshover.Lab.Machines;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// All of a machine that Meshover touches, as lines of text: links, addresses, routes, rules, firewall, sysctls, processes, files.
/// Two snapshots are compared line by line, so a failure names what was left.
/// </summary>
internal static class SystemSnapshot
{
    // Changed by the kernel itself with every neighbour or address; no setting of anybody's.
    private static readonly string[] Volatile = ["/neigh/", "stable_secret", "base_reachable"];

    public static async Task<IReadOnlyList<string>> TakeAsync(Machine machine, CancellationToken ct)
    {
        var lines = new List<string>();
        using (var netlink = RouteNetlink.OpenIn(machine.NetworkPath))
        {
            var links = netlink.GetLinks().ToDictionary(link => link.Index);
            lines.AddRange(links.Values.Select(link => $"link {link.Name} {link.Kind} mtu {link.Mtu} alias {link.Alias} up {link.IsUp}"));
            lines.AddRange(netlink.GetAddresses().Select(address => $"address {address} on {links[address.LinkIndex].Name}"));
            lines.AddRange(netlink.GetRoutes().Where(route => !route.IsCached).Select(route => $"route {route} protocol {route.Protocol}"));
            lines.AddRange(netlink.GetRules().Select(rule => $"rule {rule}"));
        }
        lines.AddRange((await machine.RunAsync("nft", ["list", "ruleset"], ct)).Checked().Split('\n').Select(line => $"nft {line}"));
        lines.AddRange(machine.InNetwork(ReadSysctls));
        lines.AddRange(MachineProcesses.Of(machine).Select(process => $"process {process.Name}"));
        lines.AddRange(Files(machine).Select(file => $"file {file}"));
        return [.. lines.Where(line => line.Length > 4).Order(StringComparer.Ordinal)];
    }

    /// <summary>Fails with the lines that one has and the other has not.</summary>
    /// <param name="except">Lines that may differ.</param>
    public static void AssertEqual(IReadOnlyList<string> before, IReadOnlyList<string> after, Func<string, bool>? except = null)
    {
        var left = after.Except(before).Where(line => except?.Invoke(line) != true).Select(line => "+ " + line);
        var gone = before.Except(after).Where(line => except?.Invoke(line) != true).Select(line => "- " + line);
        var difference = left.Concat(gone).ToArray();
        Assert.True(difference.Length == 0, $"the machine is not as it was:\n{string.Join('\n', difference)}");
    }

    private static string[] ReadSysctls() =>
        [.. ((string[])["/proc/sys/net/ipv4", "/proc/sys/net/ipv6"])
            .SelectMany(root => Directory.EnumerateFiles(root, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }))
            .Where(path => !Volatile.Any(path.Contains)).Select(path => (path, value: TryRead(path))).Where(each => each.value is not null)
            .Select(each => $"sysctl {each.path} = {each.value}")];

    // Some can only be written, some vanish with their interface.
    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Files(Machine machine) =>
        ((string[])["/run", "/etc", "/var/lib"]).SelectMany(place =>
            Directory.EnumerateFileSystemEntries(machine.Disk(place), "*", SearchOption.AllDirectories).Select(path => path[machine.Disk("/").Length..]));
}
