namespace Meshover.Mesh.Planning;

/// <summary>What this machine's kernel and programs can do, as probed.</summary>
public sealed record NodeCapabilities
{
    /// <summary>nftables is there: MSS clamping and the tunnel's guard need it.</summary>
    public bool Nftables { get; init; } = true;
}
