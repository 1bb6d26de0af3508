using System.Collections.Immutable;

namespace Meshover.WireGuard.Control;

/// <summary>Changes to a configuration, as a new configuration.</summary>
internal static class ConfigEdit
{
    /// <summary>Puts peers in the place of those with the same key, or at the end, and takes others out.</summary>
    public static DataplaneConfig Update(DataplaneConfig config, ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removed)
    {
        // The last of two upserts with one key is the one that counts.
        var byKey = new Dictionary<WireGuardKey, PeerConfig>();
        foreach (var peer in upserts)
            byKey[peer.PublicKey] = peer;
        var gone = removed.ToHashSet();
        var kept = config.Peers.Where(peer => !gone.Contains(peer.PublicKey)).Select(peer => byKey.Remove(peer.PublicKey, out var upsert) ? upsert : peer).ToList();
        return config with { Peers = [.. kept, .. upserts.Where(peer => byKey.Remove(peer.PublicKey))] };
    }
}
