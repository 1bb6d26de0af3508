namespace Meshover.WireGuard.Session;

/// <summary>
/// The times and limits of the WireGuard paper, sections 5.4, 6.1-6.5, by their names there; milliseconds unless said otherwise.
/// The defaults are the protocol's. Tests shorten them, on one side only: the other side's kernel or program keeps its own.
/// </summary>
public sealed record ProtocolTimes
{
    /// <summary>REKEY_AFTER_TIME: the initiator renews a session that it still sends on at this age.</summary>
    public long RekeyAfterTime { get; init; } = 120_000;

    /// <summary>
    /// By up to this, drawn for each session, it renews sooner: peers that were called together would else be so for ever.
    /// </summary>
    internal long RekeyAfterTimeSpread => RekeyAfterTime / 12;

    /// <summary>REJECT_AFTER_TIME: nothing is sent or taken on a session of this age. Three times that, and all keys are zeroed.</summary>
    public long RejectAfterTime { get; init; } = 180_000;

    /// <summary>REKEY_ATTEMPT_TIME: a handshake that gets no answer is given up after this long.</summary>
    public long RekeyAttemptTime { get; init; } = 90_000;

    /// <summary>REKEY_TIMEOUT: an initiation is repeated after this long, and never sent sooner after the last.</summary>
    public long RekeyTimeout { get; init; } = 5_000;

    /// <summary>
    /// REKEY_TIMEOUT_JITTER_MAX of Linux: a repetition is put off by up to this, so that two ends that began together come apart.
    /// </summary>
    public long RekeyTimeoutJitterMax { get; init; } = 333;

    /// <summary>KEEPALIVE_TIMEOUT: data received and nothing to answer with for this long, and an empty packet is sent.</summary>
    public long KeepaliveTimeout { get; init; } = 10_000;

    /// <summary>REKEY_AFTER_MESSAGES: packets on one key after which the session is renewed.</summary>
    public ulong RekeyAfterMessages { get; init; } = 1UL << 60;

    /// <summary>
    /// REJECT_AFTER_MESSAGES: packets on one key after which it is used no more, 2^64 - 2^13 - 1: short of the end by a replay window.
    /// </summary>
    public ulong RejectAfterMessages { get; init; } = ulong.MaxValue - (1UL << 13);

    /// <summary>INITIATIONS_PER_SECOND of Linux, 50: from one peer no two initiations are taken within this.</summary>
    public long MinimumInitiationInterval { get; init; } = 20;

    /// <summary>COOKIE_SECRET_MAX_AGE of Linux, two minutes in the paper: the secret behind cookies changes after this long.</summary>
    public long CookieRefreshTime { get; init; } = 120_000;

    /// <summary>
    /// The age at which the initiator renews a session that it only receives on, so that the answer is there before it ends.
    /// </summary>
    internal long RekeyAfterTimeReceiving => RejectAfterTime - KeepaliveTimeout - RekeyTimeout;

    /// <summary>How often an initiation is repeated before it is given up.</summary>
    internal int MaxHandshakeAttempts => (int)(RekeyAttemptTime / RekeyTimeout);
}
