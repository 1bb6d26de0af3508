using System.Collections.Immutable;
using Meshover.Agent.ControllerLink;
using Meshover.Agent.Diagnosing;
using Meshover.Agent.Reconciling.Kernel.Gathering;
using Meshover.Agent.Trust;
using Meshover.Mesh.Events;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Agent.Events;

/// <summary>Looks at each state of the main loop, says what is wrong with it, and tells what changed since the last look. For one caller.</summary>
internal sealed class EventWatch(Diagnosis diagnosis, EventLog log, IdentityKeeper identities, string? formerVersion, Func<GatherState> gathered, TimeProvider time)
{
    /// <summary>In a mesh of many nodes a state comes each some milliseconds while something goes on, and a look is O(n).</summary>
    private const int Few = 64;
    private static readonly TimeSpan AtMostEach = TimeSpan.FromMilliseconds(500);

    private (MeshMap? Map, ImmutableDictionary<NodeId, string> Members) _members = (null, NodeSnapshot.MembersOf(null));
    private NodeSnapshot? _last;
    private TimeSpan _at;
    private bool _hasBegun;

    /// <returns>The state with its findings.</returns>
    public AgentState Look(AgentState state)
    {
        var now = time.Uptime();
        if (_last is { Members.Count: > Few } && now - _at < AtMostEach)
            return state;
        _at = now;
        var diagnosed = diagnosis.Look(state);
        if (!ReferenceEquals(state.Map, _members.Map))
            _members = (state.Map, NodeSnapshot.MembersOf(state.Map));
        var next = NodeSnapshot.Of(state, diagnosed, _members.Members, gathered());
        var node = identities.Current.HostName;
        log.Tell(StateChanges.Between(_last, next, node, time.GetUtcNow()));
        Begin(next, node);
        // What the data plane, FRR and the kernel do not say for a moment is as it was.
        _last = next with { Links = next.Links ?? _last?.Links, Gathered = next.Gathered ?? _last?.Gathered };
        return state with { Findings = diagnosed.Findings };
    }

    /// <summary>Once, as soon as it is known how the links are.</summary>
    private void Begin(NodeSnapshot first, string node)
    {
        if (_hasBegun || first.Links is not { } links)
            return;
        _hasBegun = true;
        var version = AgentHello.Version;
        var started = new MeshEvent { Time = time.GetUtcNow(), Kind = EventKinds.AgentStarted.Name, Node = node, Text = $"{links.Values.Count(link => link.IsUp)} of {links.Count} links are up.", To = version };
        log.Tell(formerVersion is null || formerVersion == version
            ? [started]
            : [started, started with { Kind = EventKinds.AgentUpgraded.Name, From = formerVersion, Text = "" }]);
    }
}
