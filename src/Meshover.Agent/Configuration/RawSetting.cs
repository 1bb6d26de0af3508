using System.Collections.Immutable;

namespace Meshover.Agent.Configuration;

/// <summary>A setting as it was written, before it is understood.</summary>
/// <param name="Name">Key of the file, name of the flag without its dashes.</param>
/// <param name="Values">One for a single value, any number for a list.</param>
/// <param name="Where">For error messages: "agent.yaml:3:1" or "--announce".</param>
public sealed record RawSetting(string Name, ImmutableArray<string> Values, string Where);
