using System.Collections.Immutable;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>Changes to a configuration, as a new configuration.</summary>
internal static class ConfigEdit
{
    /// <summary>Puts peers in the place of those with the same key, or at the end, and takes others out.</summary>
    public static DataplaneConfig Update(DataplaneConfig config, ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removed)
    {
        var gone = removed.ToHashSet();
        var peers = config.Peers.Where(peer => !gone.Contains(peer.PublicKey)).ToList();
        foreach (var upsert in upserts)
        {
            var index = peers.FindIndex(peer => peer.PublicKey == upsert.PublicKey);
            if (index < 0)
                peers.Add(upsert);
            else
                peers[index] = upsert;
        }
        return config with { Peers = [.. peers] };
    }
}
