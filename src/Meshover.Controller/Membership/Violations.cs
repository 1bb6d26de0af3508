using System.Collections.Immutable;

namespace Meshover.Controller.Membership;

/// <summary>Collects what is wrong with a request, so that all of it is reported at once.</summary>
internal sealed class Violations
{
    // They go into a log line and into the answer's trailers.
    private const int Most = 20;
    private const int LongestText = 300;
    private const int LongestQuote = 100;

    private readonly List<Violation> _found = [];

    /// <summary>No more are taken: who reads twenty corrects those first.</summary>
    public bool IsFull => _found.Count >= Most;

    public void Add(string field, string text)
    {
        if (!IsFull)
            _found.Add(new Violation(field, text.Length <= LongestText ? text : text[..LongestText] + "…"));
    }

    /// <summary>What a caller said, to be named in a sentence: cut where it is long.</summary>
    public static string Quote(string said) => $"\"{(said.Length <= LongestQuote ? said : said[..LongestQuote] + "…")}\"";

    public void Require(bool holds, string field, string text)
    {
        if (!holds)
            Add(field, text);
    }

    /// <exception cref="InvalidRequestException">There is any.</exception>
    public void ThrowIfAny()
    {
        if (_found.Count > 0)
            throw new InvalidRequestException([.. _found]);
    }
}

/// <param name="Field">Its name in the contract, e.g. <c>grants[1].prefix</c>.</param>
/// <param name="Text">What is wrong with it, and what would be right.</param>
internal sealed record Violation(string Field, string Text);

/// <summary>A request that cannot be meant; nothing was changed.</summary>
/// <param name="violations">All that is wrong with it.</param>
internal sealed class InvalidRequestException(ImmutableArray<Violation> violations)
    : Exception(string.Join(" ", violations.Select(violation => $"{violation.Field}: {violation.Text}")))
{
    public ImmutableArray<Violation> Violations { get; } = violations;
}
