using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>A key of ours and one of the peer's: what handshakes between the two need.</summary>
internal sealed class KeyPairing(LocalIdentity self, RemoteIdentity peer, CookieGenerator cookies) : IDisposable
{
    public LocalIdentity Self => self;

    public RemoteIdentity Peer => peer;

    public CookieGenerator Cookies => cookies;

    /// <summary>False: the peer's key is of low order, and no handshake between the two succeeds.</summary>
    public bool IsUsable => !peer.StaticShared.IsEmpty;

    public AgreedKeys Keys { get; } = new(self.PublicKey, peer.PublicKey);

    public void Dispose() => peer.Dispose();
}
