using Meshover.Mesh.Findings;

namespace Meshover.Mesh.Events;

/// <summary>The catalogue. Entries are only ever added.</summary>
public static class EventKinds
{
    // At a node, of itself.
    public static readonly EventKind AgentStarted = new("agent.started", "The agent started; how many links were up then.");
    public static readonly EventKind AgentUpgraded = new("agent.upgraded", "The agent is of another release than before: from, to.");
    public static readonly EventKind NodeJoined = new("node.joined", "A node is new in the mesh.");
    public static readonly EventKind NodeLeft = new("node.left", "A node is in the mesh no more.");
    public static readonly EventKind SessionUp = new("session.up", "The direct link to a peer works: tunnel and BGP session.");
    public static readonly EventKind SessionDown = new("session.down", "It does not work any more; the code is the cause.");
    public static readonly EventKind SessionCause = new("session.cause", "It does not work for another cause than before: from, code.");
    public static readonly EventKind PathMoved = new("path.moved", "A peer is called at another endpoint: from, to, why.");
    public static readonly EventKind AnnouncementMade = new("announcement.made", "A prefix is announced.");
    public static readonly EventKind AnnouncementWithdrawn = new("announcement.withdrawn", "A prefix is announced no more.");
    public static readonly EventKind AnnouncementRefused = new("announcement.refused", "A prefix is announced that is not granted.");
    public static readonly EventKind AnnouncementLapsed = new("announcement.lapsed", "A prefix that rests on a living agent had lapsed: the agent was not heard in time.");
    public static readonly EventKind GatheringMoved = new("gathering.moved", "Packets of a gathered range go to another owner than before: from, to; empty: to nobody, and the text says what becomes of them.");
    public static readonly EventKind NodeDraining = new("node.draining", "A node is to be left; what goes through it goes other ways.");
    public static readonly EventKind NodeDrained = new("node.drained", "The node itself may be stopped.");
    public static readonly EventKind NodeUndrained = new("node.undrained", "A node is not to be left any more.");
    public static readonly EventKind GrantAdded = new("grant.added", "A prefix was granted to the node.");
    public static readonly EventKind GrantRemoved = new("grant.removed", "A grant was taken from the node.");
    public static readonly EventKind AddressAdded = new("address.added", "The node was given a further node address; at the controller also: another note of it.");
    public static readonly EventKind AddressRemoved = new("address.removed", "A further node address was taken from the node.");
    public static readonly EventKind ControllerConnected = new("controller.connected", "The stream with a controller is open.");
    public static readonly EventKind ControllerLost = new("controller.lost", "It ended; the code is the cause, where it is known.");
    public static readonly EventKind ConfigurationRefused = new("configuration.refused", "A configuration cannot be used and the former one holds: the file, or what it is about, the code where there is one, why.");
    public static readonly EventKind FindingRaised = new("finding.raised", "Something is wrong: the code says what (docs/findings.md).");
    public static readonly EventKind FindingCleared = new("finding.cleared", "It is so no more.");
    public static readonly EventKind EventsDropped = new("events.dropped", "So many events were not kept; the text says why.");

    // At the controller, of all nodes.
    public static readonly EventKind NodeOnline = new("node.online", "A node opened its stream.");
    public static readonly EventKind NodeOffline = new("node.offline", "A node's last stream ended.");
    public static readonly EventKind NodeLost = new("node.lost", "A node was not heard for 105 s.");
    public static readonly EventKind NodeUpgraded = new("node.upgraded", "A node's agent is of another release than before: from, to.");
    public static readonly EventKind Changed = new("changed", "An administrator or a member changed something: the operation, the object, who, and why.");

    /// <summary>In the order of docs/events.md.</summary>
    public static IReadOnlyList<EventKind> All { get; } =
    [
        AgentStarted, AgentUpgraded, NodeJoined, NodeLeft, SessionUp, SessionDown, SessionCause, PathMoved, AnnouncementMade, AnnouncementWithdrawn,
        AnnouncementRefused, AnnouncementLapsed, GatheringMoved, NodeDraining, NodeDrained, NodeUndrained, GrantAdded, GrantRemoved, AddressAdded, AddressRemoved, ControllerConnected, ControllerLost, ConfigurationRefused, FindingRaised, FindingCleared, EventsDropped, NodeOnline,
        NodeOffline, NodeLost, NodeUpgraded, Changed,
    ];

    /// <summary>Whether a finding of that code says that a configuration was refused: it is told as such, too.</summary>
    public static bool IsRefusal(string code) =>
        code == FindingKinds.FrrConfigurationRefused.Code || code == FindingKinds.PlanFailed.Code || code == FindingKinds.SettingsRefused.Code;
}
