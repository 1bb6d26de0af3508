namespace Meshover.Mesh.Findings;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing; nothing need be done.</summary>
    Notice,

    /// <summary>Something that may bite, or bites only in part.</summary>
    Warning,

    /// <summary>The mesh cannot work as it should.</summary>
    Fault,
}
