namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>Where our two policy rules stand: directly before main's (32766), so that the user's own hold.</summary>
public static class OwnRules
{
    /// <summary>Marked packets: look into the mirror of the underlay's routes.</summary>
    public const uint LookupPriority = 32764;

    /// <summary>Marked packets that found nothing there: prohibited.</summary>
    public const uint ProhibitPriority = 32765;
}
