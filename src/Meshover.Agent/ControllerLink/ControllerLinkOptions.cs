using System.Collections.Immutable;

namespace Meshover.Agent.ControllerLink;

/// <summary>Settings of the link to the controllers.</summary>
/// <param name="Controllers">The operator's choice, <c>host:port</c> each; empty: those of the map and the identity.</param>
internal sealed record ControllerLinkOptions(ImmutableArray<string> Controllers);
