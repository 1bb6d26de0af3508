using System.Collections.Immutable;
using System.CommandLine;

namespace Meshover.Cli.CommandLine;

/// <summary>A command whose <c>--help</c> ends with examples.</summary>
internal sealed class ExampleCommand(string name, string description, params ImmutableArray<string> examples) : Command(name, description)
{
    public ImmutableArray<string> Examples { get; } = examples;
}
