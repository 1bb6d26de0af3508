namespace Meshover.Agent.Trust;

/// <summary>What became of the wish for another key.</summary>
/// <param name="NewKey">Public, base64.</param>
/// <param name="Joined">It had been begun before.</param>
internal sealed record KeyChangeAnswer(string NewKey, bool Joined);
