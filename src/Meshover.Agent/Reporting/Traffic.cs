using System.Collections.Frozen;
using Meshover.Mesh.Identity;

namespace Meshover.Agent.Reporting;

/// <summary>What was carried and dropped since the agent first looked; a restart of the data plane or of FRR, a peer that leaves and a changed key take nothing away.</summary>
internal sealed record Traffic
{
    public static readonly Traffic None = new();

    /// <summary>UDP payload, of all peers that there were; null: the data plane was not seen yet.</summary>
    public ulong? RxBytes { get; init; }
    public ulong? TxBytes { get; init; }
    public IReadOnlyDictionary<NodeId, (ulong Rx, ulong Tx)> Peers { get; init; } = FrozenDictionary<NodeId, (ulong, ulong)>.Empty;

    /// <summary>Packets, by reason.</summary>
    public IReadOnlyDictionary<string, ulong> Drops { get; init; } = FrozenDictionary<string, ulong>.Empty;

    /// <summary>How often FRR was started again after one of its daemons died; null: FRR was not seen yet.</summary>
    public ulong? FrrRestarts { get; init; }
}
