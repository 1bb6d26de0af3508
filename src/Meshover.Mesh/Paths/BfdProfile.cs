namespace Meshover.Mesh.Paths;

/// <summary>How soon a link that fell silent is given up. Each end takes its own; of two the slower one's interval holds (RFC 5880, section 6.8.7).</summary>
public enum BfdProfile
{
    /// <summary>Any link: 900 ms.</summary>
    Wan,

    /// <summary>A short one that loses nothing: 300 ms.</summary>
    Lan,

    /// <summary>One that loses packets: 2.4 s, so that it is not given up for a few.</summary>
    Lossy,
}
