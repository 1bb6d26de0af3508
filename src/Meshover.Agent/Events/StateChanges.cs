using Meshover.Agent.Diagnosing;
using Meshover.Mesh.Events;
using Meshover.Mesh.Findings;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Events;

/// <summary>
/// From two looks at the same node to what changed between them. Events are made here alone, by comparing: nobody has to remember to tell one. Pure.
/// </summary>
internal static class StateChanges
{
    /// <summary>More of a kind and code at once are told as one, with their number: a node that goes off is a session of every other.</summary>
    private const int MostOfAKind = 16;
    private const int MostNamed = 5;

    /// <summary>Heard later than that, a peer counts as lost where it was called before.</summary>
    private static readonly TimeSpan WasSilent = TimeSpan.FromSeconds(5);

    /// <param name="former">Null: there was none, and what is now is no news.</param>
    public static IEnumerable<MeshEvent> Between(NodeSnapshot? former, NodeSnapshot next, string node, DateTimeOffset now) =>
        former is null
            ? []
            : All(former, next).Select(change => change with { Node = node, Time = now }).GroupBy(change => (change.Kind, change.Code)).SelectMany(Coalesced);

    private static IEnumerable<MeshEvent> All(NodeSnapshot former, NodeSnapshot next) =>
        Members(former, next).Concat(Sessions(former, next)).Concat(Grants(former, next)).Concat(Addresses(former, next)).Concat(Announcements(former, next)).Concat(Gatherings(former, next)).Concat(Draining(former, next)).Concat(Controller(former, next)).Concat(Findings(former, next));

    private static IEnumerable<MeshEvent> Members(NodeSnapshot former, NodeSnapshot next)
    {
        if (ReferenceEquals(former.Members, next.Members) || former.Members.IsEmpty)
            yield break;
        foreach (var (id, name) in next.Members.Where(member => !former.Members.ContainsKey(member.Key)))
            yield return New(EventKinds.NodeJoined, name);
        foreach (var (id, name) in former.Members.Where(member => !next.Members.ContainsKey(member.Key)))
            yield return New(EventKinds.NodeLeft, name);
    }

    private static IEnumerable<MeshEvent> Sessions(NodeSnapshot former, NodeSnapshot next)
    {
        if (former.Links is not { } before || next.Links is not { } after)
            yield break;
        foreach (var (id, link) in after.OrderBy(link => link.Key))
        {
            var was = before.GetValueOrDefault(id);
            if (Session(was, link) is { } session)
                yield return session;
            if (was is { EndPoint: { } from } && link.EndPoint is { } to && !from.Equals(to))
                yield return New(EventKinds.PathMoved, link.Peer.HostName) with { From = $"{from}", To = $"{to}", Text = WhyMoved(was) };
        }
    }

    private static MeshEvent? Session(LinkView? was, LinkView link) => (was?.IsUp ?? false, link.IsUp) switch
    {
        (false, true) => New(EventKinds.SessionUp, link.Peer.HostName) with { Text = link.EndPoint is { } at ? $"It is called at {at}." : "" },
        (true, false) => New(EventKinds.SessionDown, link.Peer.HostName) with { Code = link.Cause!.Code, Text = link.Cause.Meaning },
        // A peer that is new has no session yet.
        (false, false) when was is not null && was.Cause != link.Cause =>
            New(EventKinds.SessionCause, link.Peer.HostName) with { From = was.Cause!.Code, Code = link.Cause!.Code, Text = link.Cause.Meaning },
        _ => null,
    };

    private static string WhyMoved(LinkView was) => was.HeardAge is { } age && age < WasSilent
        ? "Its packets come from there, or the former way was cut here."
        : "It was silent at the former.";

    private static IEnumerable<MeshEvent> Grants(NodeSnapshot former, NodeSnapshot next) =>
        former.Members.IsEmpty ? [] :
        [
            .. next.Grants.Except(former.Grants).Order(StringComparer.Ordinal).Select(grant => New(EventKinds.GrantAdded, grant)),
            .. former.Grants.Except(next.Grants).Order(StringComparer.Ordinal).Select(grant => New(EventKinds.GrantRemoved, grant)),
        ];

    private static IEnumerable<MeshEvent> Addresses(NodeSnapshot former, NodeSnapshot next) =>
        former.Members.IsEmpty ? [] :
        [
            .. next.FurtherAddresses.Except(former.FurtherAddresses).Order(StringComparer.Ordinal).Select(address => New(EventKinds.AddressAdded, address)),
            .. former.FurtherAddresses.Except(next.FurtherAddresses).Order(StringComparer.Ordinal).Select(address => New(EventKinds.AddressRemoved, address)),
        ];

    private static IEnumerable<MeshEvent> Announcements(NodeSnapshot former, NodeSnapshot next)
    {
        foreach (var (prefix, isGranted) in next.Announced.OrderBy(announced => announced.Key, StringComparer.Ordinal))
        {
            if (!former.Announced.TryGetValue(prefix, out var was) || was != isGranted)
                yield return New(isGranted ? EventKinds.AnnouncementMade : EventKinds.AnnouncementRefused, prefix);
        }
        foreach (var prefix in former.Announced.Keys.Where(prefix => !next.Announced.ContainsKey(prefix)).Order(StringComparer.Ordinal))
            yield return New(EventKinds.AnnouncementWithdrawn, prefix);
    }

    private static IEnumerable<MeshEvent> Gatherings(NodeSnapshot former, NodeSnapshot next)
    {
        if (former.Gathered is not { } before || next.Gathered is not { } after)
            yield break;
        foreach (var range in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var (was, now) = (before.GetValueOrDefault(range), after.GetValueOrDefault(range));
            if (was != now)
                yield return New(EventKinds.GatheringMoved, range) with { From = was ?? "", To = now ?? "", Text = WhyMoved(was, now, next.FallsBack) };
        }
    }

    /// <param name="was">Who had the packets; empty: nobody. Null: the range was not gathered.</param>
    /// <param name="now">Who has them, in the same way.</param>
    /// <param name="fallsBack">What nobody has leaves by this node's own default route: who gathers so that nothing leaves elsewhere must see that.</param>
    private static string WhyMoved(string? was, string? now, bool fallsBack) => (was, now) switch
    {
        (_, null) => "It is gathered no more.",
        (_, "") when fallsBack => "None of its owners can take the packets: they leave by this node's own default route (gather-fallback).",
        (_, "") => "None of its owners can take the packets: they are refused.",
        (null, _) => "It was not gathered before.",
        _ => "",
    };

    private static IEnumerable<MeshEvent> Draining(NodeSnapshot former, NodeSnapshot next) =>
    [
        .. next.Lapsed.Except(former.Lapsed).Order(StringComparer.Ordinal).Select(prefix => New(EventKinds.AnnouncementLapsed, prefix)),
        .. next.Draining.Except(former.Draining).Order(StringComparer.Ordinal).Select(node => New(EventKinds.NodeDraining, node)),
        .. former.Draining.Except(next.Draining).Order(StringComparer.Ordinal).Select(node => New(EventKinds.NodeUndrained, node)),
        .. next.IsDrained && !former.IsDrained ? [New(EventKinds.NodeDrained, "")] : Array.Empty<MeshEvent>(),
    ];

    private static IEnumerable<MeshEvent> Controller(NodeSnapshot former, NodeSnapshot next)
    {
        if (next.IsConnected && !former.IsConnected)
            yield return New(EventKinds.ControllerConnected, next.Controller);
        else if (former.IsConnected && !next.IsConnected)
            yield return New(EventKinds.ControllerLost, former.Controller) with { Code = next.ControllerFault?.Code ?? "" };
    }

    private static IEnumerable<MeshEvent> Findings(NodeSnapshot former, NodeSnapshot next)
    {
        foreach (var (key, finding) in next.Findings)
        {
            var was = former.Findings.GetValueOrDefault(key);
            // Who corrects one mistake and makes another is refused once more.
            if (was is null ? EventKinds.IsRefusal(key.Code) : key.Code == FindingKinds.SettingsRefused.Code && was.Text != finding.Text)
                yield return New(EventKinds.ConfigurationRefused, key.Subject) with { Code = key.Code, Text = finding.Text };
            if (was is null)
                yield return New(EventKinds.FindingRaised, key.Subject) with { Code = key.Code, Text = finding.Text };
        }
        foreach (var (key, _) in former.Findings.Where(finding => !next.Findings.ContainsKey(finding.Key)))
            yield return New(EventKinds.FindingCleared, key.Subject) with { Code = key.Code };
    }

    private static IEnumerable<MeshEvent> Coalesced(IGrouping<(string Kind, string Code), MeshEvent> same)
    {
        var all = same.ToList();
        return all.Count <= MostOfAKind
            ? all
            : [all[0] with { Subject = $"{all.Count} at once", From = "", To = "", Text = string.Join(", ", all.Take(MostNamed).Select(one => one.Subject)) + ", …" }];
    }

    private static MeshEvent New(EventKind kind, string subject) => new() { Time = default, Kind = kind.Name, Subject = subject };
}
