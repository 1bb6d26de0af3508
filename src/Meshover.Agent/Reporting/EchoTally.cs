using System.Runtime.InteropServices;

namespace Meshover.Agent.Reporting;

/// <summary>How the echoes that measure round trips fared since the agent's start.</summary>
/// <param name="Sent">To peers that had answered lately.</param>
/// <param name="Lost">Of them, those without an answer; each is known when the next goes out.</param>
/// <param name="Rtt">Mean of the links that answered lately; null: none did.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct EchoTally(ulong Sent, ulong Lost, TimeSpan? Rtt);
