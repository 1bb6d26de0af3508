using System.Net;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>
/// The route-map on the <c>network</c> line of a prefix with attributes. Each prefix has its own, so that its name stays when what it sets changes:
/// FRR then takes the new value without ever being without the map, which it would take for a refusal.
/// </summary>
internal static class NetworkMap
{
    /// <summary>Shared by all that yield and have no attributes: a node may have thousands of hosts, and each route-map costs bgpd time.</summary>
    private const string Yield = "MO-YIELD";

    /// <summary>Of a path of one's own that any other node's comes before; that of a learned one is 100.</summary>
    public const int YieldPreference = 50;

    public static string NameOf(Announcement announcement) => announcement.Failover is { } failover ? FailoverMarks.MapOf(failover) : announcement is { Yields: true, HasAttributes: false } ? Yield : $"MO-NET-{announcement.Prefix.BaseAddress}-{announcement.Prefix.PrefixLength}";

    /// <summary>An announcement for each. Those that are shared are there before the first that needs one: a change of nothing but <c>network</c> lines is a quick one.</summary>
    public static IEnumerable<Announcement> Of(RoutingModel model) =>
        model.Networks.Where(IsMapped).Concat(model.HasHosts ? [new Announcement(default(IPNetwork)) { Yields = true }] : [])
            .Concat(model.FailoverPriorities.SelectMany(priority => Enum.GetValues<FailoverRole>().Select(role => new Announcement(default(IPNetwork)) { Failover = new(role, priority) })))
            .DistinctBy(NameOf);

    public static bool IsMapped(Announcement announcement) => announcement.HasAttributes || announcement.Yields || announcement.Failover is not null;

    /// <summary>What stands in it.</summary>
    public static IEnumerable<string> LinesOf(Announcement announcement)
    {
        if (announcement.Failover is { } failover)
        {
            yield return $"set large-community {FailoverMarks.Of(failover)}";
            if (failover.Role == FailoverRole.Standby)
                yield return $"set metric {FailoverMarks.MedOf(failover.Priority)}";
        }
        if (announcement.Med is { } med)
            yield return $"set metric {med}";
        if (!announcement.Communities.IsEmpty)
            yield return $"set community {string.Join(' ', announcement.Communities)}";
        if (!announcement.Yields && announcement.Failover is not { Role: FailoverRole.Standby })
            yield break;
        // Own routes have a weight of 32768, and win before anything is compared; learned ones have 0, and a local preference of 100.
        yield return "set weight 0";
        yield return $"set local-preference {YieldPreference}";
    }

    /// <summary>What follows <c>network</c>.</summary>
    public static string Origin(Announcement announcement) =>
        PrefixListEntry.Text(announcement.Prefix) + (IsMapped(announcement) ? $" route-map {NameOf(announcement)}" : "");
}
