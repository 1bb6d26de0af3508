using System.Collections.Immutable;
using Meshover.Controller.Live;
using Meshover.Controller.State;

namespace Meshover.Controller.Events;

/// <summary>What of the mesh events are made of, at one moment. O(nodes).</summary>
internal sealed record MeshLook(ImmutableDictionary<uint, NodeLook> Nodes)
{
    public static MeshLook At(MeshState state, LiveState live, TimeSpan now)
    {
        var nodes = ImmutableDictionary.CreateBuilder<uint, NodeLook>();
        foreach (var (id, entry) in state.Nodes)
        {
            if (entry.IsActive)
                nodes[id] = NodeLook.Of(entry.Record.HostName, live.Node(id), now);
        }
        return new MeshLook(nodes.ToImmutable());
    }
}

/// <summary>One member.</summary>
/// <param name="Version">Of the agent that connected last; empty: none did.</param>
/// <param name="Down">Links that it says are not up, as far as they are listed; null: it says nothing of links.</param>
/// <param name="Findings">Codes that it says it finds; null: it does not say.</param>
internal sealed record NodeLook(
    string Name, bool IsOnline, bool IsLost, string Version, ImmutableDictionary<uint, LinkReason>? Down, ImmutableSortedDictionary<string, int>? Findings)
{
    public static NodeLook Of(string name, LiveNode? node, TimeSpan now) => new(
        name, node?.IsOnline == true, NodeStates.Of(node, now) == NodeState.Lost, node?.LastVersion ?? "", node?.Health?.Exceptions, node?.Health?.Findings);
}
