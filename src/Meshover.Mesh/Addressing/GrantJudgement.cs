using System.Net;

namespace Meshover.Mesh.Addressing;

/// <summary>How an announced prefix stands to what its node was granted.</summary>
public enum GrantFit
{
    /// <summary>It was granted: others accept it.</summary>
    Granted,

    /// <summary>A grant around it ends at a shorter length.</summary>
    TooLong,

    /// <summary>Only a part of it was granted.</summary>
    TooWide,

    /// <summary>No grant has to do with it.</summary>
    None,
}

/// <summary>Whether others accept what a node announces, by the grants that all hold it against. Pure.</summary>
/// <param name="Fit">How it stands.</param>
/// <param name="By">The grant that says so; of <see cref="GrantFit.None"/> none.</param>
public readonly record struct GrantJudgement(GrantFit Fit, RouteGrant By)
{
    /// <param name="grants">Of the node that announces it.</param>
    /// <param name="announced">What it announces.</param>
    public static GrantJudgement Of(IReadOnlyCollection<RouteGrant> grants, IPNetwork announced)
    {
        foreach (var grant in grants.Where(grant => grant.Covers(announced)))
            return new GrantJudgement(GrantFit.Granted, grant);
        foreach (var wider in grants.Where(grant => Prefixes.Covers(grant.Prefix, announced)))
            return new GrantJudgement(GrantFit.TooLong, wider);
        foreach (var narrower in grants.Where(grant => Prefixes.Covers(announced, grant.Prefix)))
            return new GrantJudgement(GrantFit.TooWide, narrower);
        return new GrantJudgement(GrantFit.None, default);
    }
}
