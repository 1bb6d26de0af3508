using Meshover.Controller.Live;

namespace Meshover.Controller.Graphs;

/// <summary>How the link of two nodes stands, by what both say of it.</summary>
internal enum LinkState
{
    /// <summary>Neither end says anything that can be relied on.</summary>
    Unknown,
    Up,

    /// <summary>By what the map says the two cannot meet; what they have for each other goes by way of a transit node.</summary>
    Indirect,

    /// <summary>One end at least says that it is not up.</summary>
    NotUp,
}

/// <summary>One member with what is known of it.</summary>
internal sealed record GraphMember(uint Id, string HostName, string Site, bool IsTransit, DateTimeOffset Enrolled, NodeState State, LiveNode? Live)
{
    // Between a node's summary and the moment at which another becomes a member, and the first's agent hears of it.
    private static readonly TimeSpan Newcomer = TimeSpan.FromSeconds(10);

    /// <summary>What it says of links counts: it is heard, and says that much.</summary>
    public HealthReport? Speaks => State is NodeState.Unknown or NodeState.Lost ? null : Live?.Health is { Exceptions: not null } health ? health : null;

    /// <summary>How it stood when the controller started, where it was not heard since; null: it was, or nothing is known.</summary>
    public NodeState? LastKnown => Live is { IsLastKnown: true, Judged: { } known } ? known.State : null;

    /// <summary>A link that it does not list is up.</summary>
    public bool IsComplete => Speaks is { Unlisted: 0 };

    /// <summary>It has more links that are not up than it lists.</summary>
    public bool IsCut => Speaks is { Unlisted: > 0 };

    /// <summary>What it says of its link with another; null: nothing.</summary>
    public LinkReason? Says(GraphMember other) => Speaks?.LinkWith(other.Id) switch
    {
        // It may not have known of the other yet.
        LinkReason.None when Speaks.At < other.Enrolled + Newcomer => null,
        var reason => reason,
    };
}

/// <summary>Judges links. Pure.</summary>
internal static class Links
{
    public static (LinkState State, LinkReason Reason) Between(GraphMember a, GraphMember b)
    {
        var (one, other) = (a.Says(b), b.Says(a));
        if ((Failure(one) ?? Failure(other)) is { } failure)
            return (LinkState.NotUp, failure);
        if (one == LinkReason.NoDirectPath || other == LinkReason.NoDirectPath)
            return (LinkState.Indirect, LinkReason.NoDirectPath);
        return (one ?? other) == LinkReason.None ? (LinkState.Up, LinkReason.None) : (LinkState.Unknown, LinkReason.None);
    }

    private static LinkReason? Failure(LinkReason? said) => said is null or LinkReason.None or LinkReason.NoDirectPath ? null : said;
}
