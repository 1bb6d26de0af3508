using System.Net;

namespace Meshover.Mesh.Map;

/// <summary>A node address beside the first of each family, as an administrator gave it.</summary>
/// <param name="Address">Out of the pool of its family.</param>
/// <param name="Note">What it is for, in an administrator's words; may be empty. Routing has nothing to do with it.</param>
public sealed record FurtherAddress(IPAddress Address, string Note)
{
    /// <summary>Of one node: everybody has an entry for each in the node's list.</summary>
    public const int Most = 64;

    /// <summary>Of a note, in characters.</summary>
    public const int LongestNote = 100;
}
