using Meshover.Console.UseCases;

namespace Meshover.Console.Live;

/// <summary>Paths, by what is between them. Each asks up to sixteen nodes, one after the other.</summary>
public sealed class PathAnswers(IMeshPort port, TimeProvider time) : SharedAnswers<PathReport>((key, cancel) => port.FindPathAsync(WishOf(key), cancel), time, Most)
{
    /// <summary>That are followed at a time.</summary>
    public const int Most = 4;
    private const int Longest = 300; // more than a hostname, or an address

    // No name or address has a line's end in it: what has is refused as neither.
    private const char Between = '\n';

    public Task<PathReport> AskAsync(PathWish wish, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(wish);
        if (wish.From.Length > Longest || wish.To.Length > Longest)
            throw new ConsoleRefusalException("A path is between two names or addresses.");
        return AskAsync($"{wish.IPv4}{Between}{wish.From.Trim()}{Between}{wish.To.Trim()}", cancel);
    }

    private static PathWish WishOf(string key) => key.Split(Between) is [var ipv4, var from, var to]
        ? new PathWish(from, to, bool.Parse(ipv4))
        : throw new ConsoleRefusalException("A path is between two names or addresses.");
}
