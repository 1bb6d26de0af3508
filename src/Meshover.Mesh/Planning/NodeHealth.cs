namespace Meshover.Mesh.Planning;

/// <summary>How the underlay of this machine is at the moment.</summary>
public sealed record NodeHealth
{
    /// <summary>Smallest MTU of the interfaces that carry the underlay, in bytes.</summary>
    public int UnderlayMtu { get; init; } = 1500;

    /// <summary>Whether the machine has an address of this family that others may reach, or that reaches out.</summary>
    public bool HasIPv4 { get; init; } = true;
    public bool HasIPv6 { get; init; } = true;
}
