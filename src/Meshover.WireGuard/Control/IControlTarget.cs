using System.Collections.Immutable;
using System.Net;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Control;

/// <summary>What requests on the engine's socket are about; on the control thread. All throw <see cref="DataplaneException"/>.</summary>
internal interface IControlTarget
{
    DataplaneStatus ReadStatus();

    /// <inheritdoc cref="DataplaneClient.ApplyAsync"/>
    void Apply(DataplaneConfig config);

    /// <inheritdoc cref="DataplaneClient.UpdateAsync"/>
    void Update(ImmutableArray<PeerConfig> upserts, ImmutableArray<WireGuardKey> removed);

    /// <inheritdoc cref="DataplaneClient.SetEndpointAsync"/>
    void SetEndpoint(WireGuardKey key, IPEndPoint endpoint);
}

/// <summary>The thread that owns the target.</summary>
internal interface IControlLoop
{
    /// <summary>Runs something there and returns its result or failure.</summary>
    Task<T> RunAsync<T>(Func<IControlTarget, T> action, CancellationToken cancellationToken);

    /// <summary>Ends the engine, and completes when it has ended.</summary>
    Task StopAsync(bool teardown);

    /// <summary>The client that asked for the end has its answer.</summary>
    void Acknowledge();
}
