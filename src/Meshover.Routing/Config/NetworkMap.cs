using System.Net;
using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>
/// The route-map on the <c>network</c> line of a prefix with attributes. Each prefix has its own, so that its name stays when what it sets changes:
/// FRR then takes the new value without ever being without the map, which it would take for a refusal.
/// </summary>
internal static class NetworkMap
{
    public static string NameOf(IPNetwork prefix) => $"MO-NET-{prefix.BaseAddress}-{prefix.PrefixLength}";

    /// <summary>What stands in it.</summary>
    public static IEnumerable<string> LinesOf(Announcement announcement)
    {
        if (announcement.Med is { } med)
            yield return $"set metric {med}";
        if (!announcement.Communities.IsEmpty)
            yield return $"set community {string.Join(' ', announcement.Communities)}";
    }

    /// <summary>What follows <c>network</c>.</summary>
    public static string Origin(Announcement announcement) =>
        PrefixListEntry.Text(announcement.Prefix) + (announcement.HasAttributes ? $" route-map {NameOf(announcement.Prefix)}" : "");
}
