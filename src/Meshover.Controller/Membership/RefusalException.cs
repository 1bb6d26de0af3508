namespace Meshover.Controller.Membership;

/// <summary>Why a request was refused; the API turns it into a gRPC status.</summary>
internal enum RefusalReason
{
    /// <summary>The token or the credential does not admit the caller.</summary>
    NotAdmitted,

    /// <summary>The identity was removed, or another took its place.</summary>
    IdentityRefused,

    /// <summary>The hostname, a number or a key belongs to another node.</summary>
    Taken,
    PoolExhausted,
    NotFound,

    /// <summary>Somebody who must be asked for it does not answer now.</summary>
    Unanswered,

    /// <summary>It cannot be done as things stand.</summary>
    Precondition,
}

/// <summary>A request that was understood and refused; nothing was changed.</summary>
/// <param name="reason">For the program.</param>
/// <param name="message">For the user: what, why, and what to do.</param>
internal sealed class RefusalException(RefusalReason reason, string message) : Exception(message)
{
    public RefusalReason Reason { get; } = reason;

    /// <summary>It went out to somebody who then gave no answer, and may have done it all the same.</summary>
    public bool MayBeDone { get; init; }
}
