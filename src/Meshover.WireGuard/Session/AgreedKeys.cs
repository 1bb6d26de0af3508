using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Session;

/// <summary>The public keys between which a session was agreed.</summary>
internal sealed record AgreedKeys(WireGuardKey Ours, WireGuardKey Theirs);
