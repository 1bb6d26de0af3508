using Meshover.Agent.Announcing.Declared;

namespace Meshover.Agent.Announcing.Provided;

/// <summary>What a provider may be called: its name stands in `status` beside those of the agent's own sources.</summary>
internal static class ProviderName
{
    private const int Longest = 32;

    /// <summary>The agent's own that are one word.</summary>
    private static readonly string[] Taken = [ConfiguredAnnouncements.Name, AssignedAnnouncements.Name, DeclaredAnnouncements.Name];

    /// <summary>Null: it may be called so.</summary>
    public static string? Problem(string name) => name switch
    {
        "" or { Length: > Longest } => $"a provider's name has 1 to {Longest} characters",
        _ when !name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') => "a provider's name consists of a-z, 0-9 and \"-\"",
        _ when Taken.Contains(name) => $"\"{name}\" is a source of the agent itself",
        _ => null,
    };
}
