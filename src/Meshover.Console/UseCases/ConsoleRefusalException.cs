namespace Meshover.Console.UseCases;

/// <summary>Something was asked for that is not done; nothing was changed.</summary>
/// <param name="message">For the user: what, why, and what to do.</param>
public sealed class ConsoleRefusalException(string message) : Exception(message);
