namespace Meshover.Console.UseCases;

/// <summary>Somebody who signed in.</summary>
/// <param name="Session">Of this sign-in alone.</param>
/// <param name="Name">As the audit has it, e.g. the name of the token.</param>
/// <param name="Role">What they may do.</param>
/// <param name="From">The address at which they signed in.</param>
public sealed record ConsoleUser(string Session, string Name, Role Role, string From);
