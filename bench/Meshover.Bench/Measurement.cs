namespace Meshover.Bench;

/// <summary>One figure of one round.</summary>
internal sealed record Measurement(string Subject, string Case, string Unit, double Value);
