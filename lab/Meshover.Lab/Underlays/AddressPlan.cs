using System.Net;

namespace Meshover.Lab.Underlays;

/// <summary>
/// The lab's addresses, which tools and scripts rely on. A node's number stands in them in decimal digits, in IPv6 as well:
/// node 10 is 2001:db8::10.
/// </summary>
public static class AddressPlan
{
    /// <summary>The routed underlay has 63 IPv4 segments of four addresses; it is the tightest.</summary>
    public const int MostNodes = 62;

    public static readonly IPAddress Controller4 = IPAddress.Parse("192.0.2.254");
    public static readonly IPAddress Controller6 = IPAddress.Parse("2001:db8::254");

    public static string NodeName(int node) => $"n{node}";
    public static string WorkloadName(int node) => $"w{node}";

    /// <summary>10.64.i.2 and fd64:i::2, behind .1 and ::1 on the node.</summary>
    public static IPAddress Workload4(int node) => IPAddress.Parse($"10.64.{node}.2");
    public static IPAddress Workload6(int node) => IPAddress.Parse($"fd64:{node}::2");

    /// <summary>What node i announces and has to be granted.</summary>
    public static IReadOnlyList<string> Announced(int node) => [$"10.64.{node}.0/24", $"fd64:{node}::/64"];

    internal static InterfaceAddress FlatNode4(int node) => new($"192.0.2.{node}", 24);
    internal static InterfaceAddress FlatNode6(int node) => new($"2001:db8::{node}", 64);
    internal static InterfaceAddress RoutedNode4(int node) => new($"198.51.100.{(4 * node) + 2}", 30);
    internal static InterfaceAddress RoutedNode6(int node) => new($"2001:db8:{node}::2", 64);
    internal static InterfaceAddress RoutedGateway4(int node) => new($"198.51.100.{(4 * node) + 1}", 30);
    internal static InterfaceAddress RoutedGateway6(int node) => new($"2001:db8:{node}::1", 64);
}
