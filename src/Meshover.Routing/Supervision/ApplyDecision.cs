using Meshover.Routing.Config;

namespace Meshover.Routing.Supervision;

/// <summary>What to do for a configuration that is wanted.</summary>
internal enum ApplyStep
{
    /// <summary>FRR runs it.</summary>
    Nothing,

    /// <summary>Say again why it was refused.</summary>
    Refuse,

    /// <summary>Nothing runs: start FRR with it.</summary>
    Start,

    /// <summary>Give the running daemons what differs; no session is touched.</summary>
    Difference,

    /// <summary>End FRR and start it with the new text, which loses no packet.</summary>
    Anew,
}

/// <summary>How a difference failed.</summary>
internal enum ApplyFailure
{
    /// <summary>A line would not go, or what it let in would not: the new text itself is not in question.</summary>
    RemovalRefused,

    /// <summary>A daemon refused a new line.</summary>
    Refused,

    /// <summary>vtysh failed or took too long, which says nothing about the text.</summary>
    ToolFailed,

    /// <summary>A daemon ended.</summary>
    Died,
}

/// <summary>What to do after a difference failed.</summary>
internal enum AfterFailure
{
    /// <summary>Start anew with the new text.</summary>
    Forward,

    /// <summary>Start anew with the last good text, as the new one would be taken in part only.</summary>
    Back,

    /// <summary>FRR is started again anyhow; the agent asks another time.</summary>
    Wait,
}

/// <summary>Where FRR stands.</summary>
/// <param name="Runs">All daemons run.</param>
/// <param name="Applied">What they run; null where that is not known.</param>
/// <param name="IsChanging">A change was begun and not ended, so that what they run is not known after all.</param>
/// <param name="Refusal">Why the wanted configuration was refused a short while ago.</param>
internal readonly record struct FrrSituation(bool Runs, FrrConfig? Applied, bool IsChanging, string? Refusal);

/// <summary>The supervisor's decisions, pure.</summary>
internal static class ApplyDecision
{
    public static ApplyStep For(FrrConfig wanted, FrrSituation now) => now switch
    {
        { Refusal: not null } => ApplyStep.Refuse,
        { Runs: false } => ApplyStep.Start,
        { Applied: null } or { IsChanging: true } => ApplyStep.Anew,
        { Applied: { } applied } when applied == wanted => ApplyStep.Nothing,
        { Applied: { } applied } when applied.BgpPort != wanted.BgpPort || applied.Backend != wanted.Backend => ApplyStep.Anew,
        { Applied: { } applied } when TakesLongerThanAStart(applied, wanted) => ApplyStep.Anew,
        _ => ApplyStep.Difference,
    };

    public static AfterFailure After(ApplyFailure failure) => failure switch
    {
        ApplyFailure.Refused => AfterFailure.Back,
        ApplyFailure.Died => AfterFailure.Wait,
        _ => AfterFailure.Forward,
    };

    /// <summary>
    /// A command takes FRR about as long as a line of the file does at a start. Smaller ones spare the sessions, however many they are. Announced
    /// prefixes come and go by the thousand, and cost little: never a reason to end it.
    /// </summary>
    private static bool TakesLongerThanAStart(FrrConfig applied, FrrConfig wanted) =>
        FrrDaemon.All.Select(d => ConfigDifference.Between(d.Text(applied), d.Text(wanted))).Sum(difference => difference.Commands - difference.Announcements) > FrrDaemon.All.Sum(d => ConfigLines.Parse(d.Text(wanted)).Count);
}
