using System.Net;

namespace Meshover.Mesh.Endpoints;

/// <summary>What the data plane says of one peer at one moment.</summary>
/// <param name="Current">Where packets to it go; null while unknown.</param>
/// <param name="Silence">Since its last authenticated packet; null: never heard.</param>
/// <param name="IsCut">The underlay has no way to <paramref name="Current"/> any more, whatever was heard from there.</param>
/// <param name="Preferred">A candidate in an underlay that the operator prefers to that of <paramref name="Current"/>; null: there is none.</param>
public readonly record struct PeerContact(IPEndPoint? Current, TimeSpan? Silence, bool IsCut = false, IPEndPoint? Preferred = null);
