using Meshover.Mesh.Planning;

namespace Meshover.Routing.Config;

/// <summary>
/// What nodes tell each other about a prefix that one of them is to have, by a large community (docs/decisions/081): <c>4294967294:ROLE:PRIORITY</c>.
/// </summary>
internal static class FailoverMarks
{
    /// <summary>Finds those of nodes that stand by, wherever among other communities.</summary>
    public const string AnyStandby = $"{ExternalMarks.Administrator}:3:";

    /// <summary>Of a standby's path at other nodes: less than <see cref="NetworkMap.YieldPreference"/>, so that two that stand by never yield to each other.</summary>
    public const int StandbyPreference = 40;

    private const int StandbyMed = 100_000;
    private const int MedOfPriority = 100_000;

    public static string Of(Failover failover) => $"{ExternalMarks.Administrator}:{(int)failover.Role}:{failover.Priority}";

    /// <summary>Null: another community.</summary>
    public static Failover? TryParse(string community) =>
        community.Split(':') is [ExternalMarks.Administrator, [var role and >= '1' and <= '3'], var text] && int.TryParse(text, out var priority) && priority is >= 1 and <= Failover.MostPriority
            ? new Failover((FailoverRole)(role - '0'), priority)
            : null;

    public static string MapOf(Failover failover) => $"MO-{failover.Role.ToString().ToUpperInvariant()}-{failover.Priority}";

    /// <summary>Far more than links cost: of several that stand by, others prefer the one that is about to take the prefix.</summary>
    public static int MedOf(int priority) => StandbyMed + (MedOfPriority * (Failover.MostPriority - priority));

    /// <summary>What a path's links cost together: its MED without what a standby's priority makes of it.</summary>
    public static uint CostOf(uint med, Failover? failover) =>
        failover is { Role: FailoverRole.Standby, Priority: var priority } && med >= MedOf(priority) ? med - (uint)MedOf(priority) : med;
}
