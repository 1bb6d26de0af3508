namespace Meshover.Lab.Reach;

/// <summary>One ping of one direction of one pair.</summary>
/// <param name="Family">4 or 6.</param>
/// <param name="RoundTrip">Null where it was lost.</param>
public sealed record PairPing(string From, string To, int Family, TimeSpan? RoundTrip);
