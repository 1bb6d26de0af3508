namespace Meshover.UnitTests.Routing;

/// <summary>A snippet for each place, of lines that every FRR takes there.</summary>
internal static class OneOfEach
{
    private static readonly (string Place, string Text)[] Snippets =
    [
        ("zebra", "route-map OF-ZEBRA permit 10\nexit"),
        ("bfd", "profile SNIPPET\n transmit-interval 500\nexit"),
        ("global", "bgp community-list standard SLOW seq 5 permit 65000:99\nroute-map SLOW permit 10\n match community SLOW\n set metric +1000\nexit\nroute-map SLOW permit 20\nexit"),
        ("map-in", "call SLOW"),
        ("map-out", "set community 65000:{{ max_mesh_hops }} additive"),
        ("bgp", "bgp default local-preference 123"),
        ("ipv4", "network 10.99.0.0/24"),
        ("ipv6", "network fd99::/64"),
        ("mesh", "neighbor {{ neighbor.interface }} description {{ neighbor.host_name }}"),
        ("mesh-ipv4", "neighbor {{ neighbor.interface }} weight 7"),
        ("mesh-ipv6", "neighbor {{ neighbor.interface }} weight 8"),
    ];

    public static void Write(string directory)
    {
        foreach (var (place, text) in Snippets) File.WriteAllText(Path.Combine(directory, $"10-x.{place}.liquid"), text + "\n");
    }
}
