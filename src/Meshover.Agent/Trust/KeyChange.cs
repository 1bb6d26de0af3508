namespace Meshover.Agent.Trust;

/// <summary>How far a change of the WireGuard key is; each step is on disk before anything follows from it.</summary>
public enum KeyChangeStage
{
    /// <summary>There is a new key, which the data plane is to answer with before anybody hears of it.</summary>
    Prepared,

    /// <summary>The controller is told of both; the former is in use until the map has the new one.</summary>
    Declared,

    /// <summary>The new key is in use; the former is answered until everybody has the new one.</summary>
    InUse,
}

/// <summary>A change of the WireGuard key (docs/decisions/017).</summary>
/// <param name="OtherPrivateKey">The key that is not in use: the new one, and once that is, the former. X25519, 32 bytes, base64.</param>
/// <param name="Stage">How far it is.</param>
/// <param name="Begun">Seconds since 1970.</param>
/// <param name="UsedSince">When the new key came into use, in seconds since 1970; 0 before.</param>
public sealed record KeyChange(string OtherPrivateKey, KeyChangeStage Stage, long Begun, long UsedSince = 0)
{
    /// <summary>Without the key: reports carry this, and may be printed.</summary>
    public override string ToString() => $"{Stage}, begun {Begun}";
}
