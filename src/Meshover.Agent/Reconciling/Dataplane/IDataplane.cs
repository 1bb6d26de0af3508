using Meshover.Linux.Netlink;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.Agent.Reconciling.Dataplane;

/// <summary>
/// What carries the packets: WireGuard and a GRE link for each peer. One of the two kinds does it at a time, under the same names.
/// Safe from several threads. Whatever fails is a <see cref="DataplaneException"/>.
/// </summary>
internal interface IDataplane
{
    /// <summary>As shown in status: "kernel" or "userspace".</summary>
    string Kind { get; }

    /// <summary>
    /// Makes it what the configuration says. What is right already is not touched: sessions, endpoints and devices stay. A peer's
    /// endpoint is used where the peer is new, or where it differs from the one given before.
    /// </summary>
    /// <param name="status">What it does now.</param>
    /// <returns>What was changed, one line each.</returns>
    Task<IReadOnlyList<string>> ReconcileAsync(DataplaneConfig config, DataplaneStatus status, CancellationToken cancellationToken);

    /// <summary>Sends to another endpoint from now on, and shakes hands there.</summary>
    Task SetEndpointAsync(WireGuardKey key, System.Net.IPEndPoint endpoint, CancellationToken cancellationToken);

    Task<DataplaneStatus> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>Takes away what it has in the system, if anything, so that the other kind can be there under the same names.</summary>
    /// <param name="links">All links of the machine, as just seen.</param>
    /// <returns>Whether there was anything.</returns>
    Task<bool> ReleaseAsync(IReadOnlyList<LinkInfo> links, CancellationToken cancellationToken);
}
