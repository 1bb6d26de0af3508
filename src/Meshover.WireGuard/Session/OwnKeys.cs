using System.Collections.Immutable;
using System.Security.Cryptography;
using Meshover.WireGuard.Keys;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>Our static keys: one, two while it changes, none as long as no private key is set. Control thread.</summary>
internal sealed class OwnKeys(IEntropy entropy, ProtocolTimes times) : IDisposable
{
    /// <summary>Handshakes are begun with the first, and answered with any.</summary>
    public ImmutableArray<OwnKey> All { get; private set; } = [];

    /// <summary>Of the first; all zero if there is none.</summary>
    public WireGuardKey PublicKey => All is [var first, ..] ? first.Identity.PublicKey : default;

    /// <summary>Whether one of them is this very one.</summary>
    public bool Contain(LocalIdentity identity) => All.Any(key => ReferenceEquals(key.Identity, identity));

    /// <summary>Has these instead. One that stays is the same object as before.</summary>
    /// <param name="privateKey">The first; zeros for none at all.</param>
    /// <param name="other">The second; empty for none.</param>
    /// <returns>Those that there were: the caller disposes them, without those that stay, once nobody uses them.</returns>
    public ImmutableArray<OwnKey> Replace(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> other)
    {
        var former = All;
        All = privateKey.ContainsAnyExcept((byte)0)
            ? [Of(privateKey, former), .. other.IsEmpty ? ImmutableArray<OwnKey>.Empty : [Of(other, former)]]
            : [];
        return former;
    }

    /// <summary>To which of them a message is addressed; null: to none.</summary>
    public OwnKey? FindAddressee(ReadOnlySpan<byte> datagram)
    {
        foreach (var key in All)
        {
            if (key.Checker.HasValidMac1(datagram))
                return key;
        }
        return null;
    }

    private OwnKey Of(ReadOnlySpan<byte> privateKey, ImmutableArray<OwnKey> known)
    {
        foreach (var one in known)
        {
            if (CryptographicOperations.FixedTimeEquals(one.Identity.PrivateKey, privateKey))
                return one;
        }
        var identity = new LocalIdentity(privateKey);
        return new OwnKey(identity, new CookieChecker(identity.PublicKey, entropy, times.CookieRefreshTime));
    }

    public void Dispose()
    {
        foreach (var key in All)
            key.Identity.Dispose();
    }
}
