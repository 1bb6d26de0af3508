using Meshover.Contract.V1;

namespace Meshover.Controller.Live;

/// <summary>What a node is asked. What it means is known to whoever asks and to the agent; on its way nobody looks inside.</summary>
/// <param name="Capability">Of an agent that can answer it.</param>
/// <param name="Content">As it goes out.</param>
internal sealed record Question(string Capability, NodeQuestion Content);
