namespace Meshover.Kube.Clusters;

/// <summary>Why the API server has not said what it was asked.</summary>
internal enum ClusterFault
{
    /// <summary>It does not answer, or cannot just now.</summary>
    Away,

    /// <summary>How to reach it is not known, or cannot be read.</summary>
    Unconfigured,

    /// <summary>It does not know who asks (401): the token has expired, was revoked or is another cluster's.</summary>
    Unauthorized,

    /// <summary>It knows, and forbids it (403).</summary>
    Forbidden,

    /// <summary>It has no such kind of object (404).</summary>
    NoSuchResource,

    /// <summary>What was watched from is too long ago (410): all is to be listed anew.</summary>
    Gone,

    /// <summary>What it said cannot be understood.</summary>
    Odd,
}

/// <param name="fault">What kind of thing is wrong.</param>
/// <param name="message">What is wrong, as the second half of a sentence about the API server.</param>
internal sealed class ClusterException(ClusterFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public ClusterFault Fault => fault;

    /// <summary>The server asks to be left alone for so long; null: it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
