namespace Meshover.Lab.Faults;

/// <summary>What a long cable does to the packets between two machines.</summary>
public sealed record Delay
{
    /// <summary>A short cable.</summary>
    public static readonly Delay None = new();

    /// <summary>There and back; each way takes half of it.</summary>
    public TimeSpan RoundTrip { get; init; }

    /// <summary>By how much each way of a packet is shorter or longer, at most and evenly spread. Packets overtake one another.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Of the packets of either way, 0 to 100.</summary>
    public double LossPercent { get; init; }
}
