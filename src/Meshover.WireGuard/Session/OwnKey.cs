using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>A static key of ours, and what tells messages that are addressed to it.</summary>
internal sealed record OwnKey(LocalIdentity Identity, CookieChecker Checker);
