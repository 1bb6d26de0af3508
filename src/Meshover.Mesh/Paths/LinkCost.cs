namespace Meshover.Mesh.Paths;

/// <summary>
/// What a link costs, in units of 0.1 ms, as MED (RFC 4271, section 5.1.4) sums it over the hops of a way. Each end adds its half twice: to what it tells the other,
/// and to what it hears from it. So a link costs the same in both directions, whatever the two ends measure and are told by their operators, and with nothing
/// between them to agree upon.
/// </summary>
public static class LinkCost
{
    /// <summary>Of one end of any link. Any two links cost more than one, so a direct link is preferred to a transit of like quality.</summary>
    public const int Base = 25;

    /// <summary>What an operator may add at one end.</summary>
    public const int MostAdded = 10_000;
}
