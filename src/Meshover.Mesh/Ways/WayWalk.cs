using System.Collections.Immutable;

namespace Meshover.Mesh.Ways;

/// <summary>What a node's kernel does with a packet.</summary>
public enum WayKind
{
    /// <summary>There is no route, or one that refuses.</summary>
    Refused,

    /// <summary>It is the machine's own.</summary>
    Here,

    /// <summary>It goes to another node.</summary>
    Link,

    /// <summary>It leaves by an interface that is no link of the mesh.</summary>
    Outside,
}

/// <summary>One node's step, as it says it itself.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Name">Its hostname.</param>
/// <param name="Kind">What becomes of the packet there.</param>
/// <param name="Next">The next node's id; 0: none.</param>
/// <param name="Link">The interface that it leaves by; empty: none.</param>
/// <param name="Out">The same in words.</param>
/// <param name="Gathered">By whom it is gathered; null: it is not.</param>
public sealed record WayStep(uint Node, string Name, WayKind Kind, uint Next, string Link, string Out, string? Gathered);

/// <summary>Where a way is to lead.</summary>
/// <param name="Name">For people.</param>
/// <param name="Nodes">Who has it, or announces it; empty: it is outside of the mesh.</param>
/// <param name="IsBehind">It is no node's own address: it is reached when the packet leaves the mesh there.</param>
public sealed record WayEnd(string Name, ImmutableArray<uint> Nodes, bool IsBehind);

/// <summary>
/// Goes the way of a packet from node to node: says whom to ask next, takes the answer, and knows where and why it ends. Whoever asks brings the answers, so
/// that each face of the program follows ways by the same rules. For one caller.
/// </summary>
public sealed class WayWalk
{
    /// <summary>Nodes that are asked at most.</summary>
    public const int MostHops = 8;

    private readonly WayEnd _end;
    private readonly Func<uint, string?> _nameOf;
    private readonly List<WayStep> _steps = [];

    /// <param name="from">The id of the node where it begins.</param>
    /// <param name="end">Where it is to lead.</param>
    /// <param name="nameOf">A member's hostname; null: there is no such member.</param>
    public WayWalk(uint from, WayEnd end, Func<uint, string?> nameOf)
    {
        (_end, _nameOf) = (end, nameOf);
        GoTo(from);
    }

    /// <summary>The node to be asked next; null: the way has ended.</summary>
    public uint? Asks { get; private set; }

    public IReadOnlyList<WayStep> Steps => _steps;

    /// <summary>It leads where it is to lead.</summary>
    public bool Arrives { get; private set; }

    /// <summary>Where and why it ends, in a sentence; null: it arrives, or has not ended.</summary>
    public string? Ends { get; private set; }

    /// <summary>The answer of the node that was to be asked.</summary>
    public void Take(WayStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (step.Node != Asks)
            throw new ArgumentException("Another node was to be asked.", nameof(step));
        _steps.Add(step);
        Asks = null;
        switch (step.Kind)
        {
            case WayKind.Here when !_end.IsBehind && _end.Nodes.Contains(step.Node):
            case WayKind.Outside when _end.IsBehind && (_end.Nodes.IsEmpty || _end.Nodes.Contains(step.Node)):
            case WayKind.Here when _end.IsBehind && _end.Nodes.Contains(step.Node):
                Arrives = true;
                break;
            case WayKind.Here:
                Ends = $"It ends at {step.Name}, which has the address of {_end.Name} itself.";
                break;
            case WayKind.Link:
                GoTo(step.Next, step.Name);
                break;
            case WayKind.Outside:
                Ends = $"It leaves the mesh at {step.Name}.";
                break;
            default:
                Ends = $"It ends at {step.Name}: no route leads to {_end.Name} there.";
                break;
        }
    }

    /// <summary>The node that was to be asked gives no answer.</summary>
    /// <param name="why">A sentence.</param>
    public void Unanswered(string why)
    {
        Ends = $"It is not known how it goes on at {(Asks is { } node ? _nameOf(node) : "")}: {why}";
        Asks = null;
    }

    private void GoTo(uint node, string? after = null)
    {
        if (_nameOf(node) is not { } name)
            Ends = after is null ? "It begins at no member." : $"It ends at {after}: its next node, {node}, is no member any more.";
        else if (_steps.Exists(step => step.Node == node))
            Ends = $"It goes in circles: {name} has had it before.";
        else if (_steps.Count == MostHops)
            Ends = $"It was followed over {MostHops} nodes, which is more than the mesh allows.";
        else
            Asks = node;
    }
}
