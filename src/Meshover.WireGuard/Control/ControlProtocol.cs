using Meshover.Linux.LocalSockets;

namespace Meshover.WireGuard.Control;

/// <summary>What is spoken on the engine's socket.</summary>
internal static class ControlProtocol
{
    /// <summary>A line is far above a configuration of 10,000 peers (some 4 MB).</summary>
    public static ProtocolTerms Terms { get; } = new("The data plane", Oldest: 1, Newest: 1, LongestLine: 64 << 20)
    {
        Capabilities = [.. Enum.GetNames<ControlOperation>()],
    };
}
