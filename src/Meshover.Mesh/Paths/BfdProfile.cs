namespace Meshover.Mesh.Paths;

/// <summary>How soon a link that fell silent is given up. Each end has its own: of two the slower one's interval holds, and each goes by the other's multiplier (RFC 5880, sections 6.8.4 and 6.8.7).</summary>
public enum BfdProfile
{
    /// <summary>Any link: 900 ms.</summary>
    Wan,

    /// <summary>A short one that loses nothing: 300 ms.</summary>
    Lan,

    /// <summary>One that loses packets: 2.4 s, so that it is not given up for a few.</summary>
    Lossy,
}
