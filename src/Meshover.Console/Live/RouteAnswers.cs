using Meshover.Console.UseCases;

namespace Meshover.Console.Live;

/// <summary>What nodes do with packets to a prefix.</summary>
public sealed class RouteAnswers(IMeshPort port, TimeProvider time) : SharedAnswers<RouteTaker>(
    (key, cancel) => port.AskRouteAsync(key[(key.IndexOf(' ', StringComparison.Ordinal) + 1)..], key[..key.IndexOf(' ', StringComparison.Ordinal)], cancel), time, Most)
{
    /// <summary>Nodes that are asked at a time.</summary>
    public const int Most = 16;
    private const int Longest = 100;

    public Task<RouteTaker> AskAsync(string node, string prefix, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > Longest)
            throw new ConsoleRefusalException("That is longer than any prefix.");
        return AskAsync($"{prefix.Trim().Replace(' ', '_')} {node}", cancel);
    }
}
