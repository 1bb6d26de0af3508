namespace Meshover.Mesh.Map;

/// <summary>Whether a node re-announces others' routes.</summary>
public enum TransitRole
{
    /// <summary>The controller decides, by the mesh's size and who reaches whom.</summary>
    Auto = 1,
    Always = 2,
    Never = 3,
}
