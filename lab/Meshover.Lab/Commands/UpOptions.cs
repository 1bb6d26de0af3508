namespace Meshover.Lab.Commands;

/// <summary>What <c>meshover-lab up</c> was asked for.</summary>
internal sealed record UpOptions
{
    public required LabOptions Lab { get; init; }

    /// <summary>Verify every pair; the exit status is the verdict.</summary>
    public required bool Check { get; init; }

    /// <summary>Return as soon as every pair is reachable and leave the lab running.</summary>
    public required bool Detach { get; init; }

    /// <summary>Only JSON on stdout.</summary>
    public required bool Json { get; init; }

    /// <summary>Leave a lab that did not come up as it is.</summary>
    public required bool Keep { get; init; }
}
