using System.Runtime.InteropServices;

namespace Meshover.Mesh.Planning;

/// <summary>What a node is among those that announce one prefix, of which one is to have it.</summary>
/// <param name="Priority">1-255: of several the greatest has it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Failover(FailoverRole Role, int Priority)
{
    public const int DefaultPriority = 100;
    public const int MostPriority = 255;
}

/// <summary>The numbers are told from node to node (<c>FailoverMarks</c>).</summary>
public enum FailoverRole
{
    /// <summary>It has the prefix.</summary>
    Active = 1,

    /// <summary>It has it until another one takes it.</summary>
    Leaving = 2,

    /// <summary>It is there for the case that nobody has it.</summary>
    Standby = 3,
}
