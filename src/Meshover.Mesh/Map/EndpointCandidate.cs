using System.Net;

namespace Meshover.Mesh.Map;

/// <summary>Who says that a node may be reached at an endpoint. The order is that of preference among equals.</summary>
public enum EndpointSource
{
    Configured = 1,
    Interface = 2,
    SeenByController = 3,
    SeenByPeer = 4,
}

/// <summary>A place on the underlay where a node's WireGuard may be reached (UDP).</summary>
public sealed record EndpointCandidate(IPEndPoint EndPoint, EndpointSource Source);
