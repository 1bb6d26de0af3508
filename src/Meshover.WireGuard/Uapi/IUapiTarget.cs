using System.Net;
using Meshover.WireGuard.Control;
using Meshover.WireGuard.Keys;

namespace Meshover.WireGuard.Uapi;

/// <summary>What requests are about: an engine, on its control thread.</summary>
internal interface IUapiTarget
{
    /// <summary>Null: there is no interface yet.</summary>
    DataplaneConfig? Config { get; }

    /// <summary>The lines that answer <c>get=1</c>, without the errno.</summary>
    string Report();

    /// <summary>Puts a configuration in place, whole or not at all.</summary>
    /// <param name="config">All that the interface shall be.</param>
    /// <param name="endpoints">Where these peers are from now on, also where they have roamed elsewhere since.</param>
    /// <param name="renewPeers">Peers that are there already are made anew.</param>
    /// <exception cref="DataplaneException">It is wrong, or the system refused; nothing was changed.</exception>
    void Apply(DataplaneConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint> endpoints, bool renewPeers);
}

/// <summary>The engine.</summary>
internal sealed class UapiEngine(Engine engine) : IUapiTarget
{
    public DataplaneConfig? Config => engine.Config;

    public string Report() => UapiReport.Write(engine);

    public void Apply(DataplaneConfig config, IReadOnlyDictionary<WireGuardKey, IPEndPoint> endpoints, bool renewPeers)
    {
        engine.Apply(config, endpoints: null, renewPeers);
        foreach (var (key, endpoint) in endpoints)
            engine.SetEndpoint(key, endpoint);
    }
}
