using System.Globalization;
using Meshover.Console.UseCases;

namespace Meshover.Console.Live;

/// <summary>Moments of the past, by the second: each costs the controller a look into its store, back to that moment.</summary>
public sealed class MomentAnswers(IMeshPort port, TimeProvider time) : SharedAnswers<PastMoment?>(
    (key, cancel) => port.MomentAsync(DateTimeOffset.FromUnixTimeSeconds(long.Parse(key, CultureInfo.InvariantCulture)), cancel), time, Most)
{
    /// <summary>That are looked for at a time.</summary>
    public const int Most = 4;

    public Task<PastMoment?> AskAsync(DateTimeOffset at, CancellationToken cancel) => AskAsync(at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), cancel);
}
