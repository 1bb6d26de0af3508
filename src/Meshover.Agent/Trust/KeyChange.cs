namespace Meshover.Agent.Trust;

/// <summary>A change of the WireGuard key (docs/decisions/017).</summary>
/// <param name="OtherPrivateKey">The key that is not in use: the new one, and once that is, the former. X25519, 32 bytes, base64.</param>
/// <param name="Stage">How far it is.</param>
/// <param name="Begun">Seconds since 1970.</param>
/// <param name="UsedSinceMs">When the new key came into use, in milliseconds since 1970; 0 before.</param>
public sealed record KeyChange(string OtherPrivateKey, KeyChangeStage Stage, long Begun, long UsedSinceMs = 0)
{
    /// <summary>Without the key: reports carry this, and may be printed.</summary>
    public override string ToString() => $"{Stage}, begun {Begun}";
}
