using System.Collections.Immutable;
using System.Net;

namespace Meshover.Mesh.Endpoints;

/// <summary>What the data plane says of one peer at one moment.</summary>
/// <param name="Current">Where packets to it go; null while unknown.</param>
/// <param name="Silence">Since its last authenticated packet; null: never heard.</param>
/// <param name="IsCut">The underlay has no way to <paramref name="Current"/> any more, whatever was heard from there.</param>
public readonly record struct PeerContact(IPEndPoint? Current, TimeSpan? Silence, bool IsCut = false)
{
    private readonly ImmutableArray<IPEndPoint> _preferred;

    /// <summary>Candidates in underlays that the operator prefers to that of <see cref="Current"/>, best first.</summary>
    public ImmutableArray<IPEndPoint> Preferred { get => _preferred.IsDefault ? [] : _preferred; init => _preferred = value; }
}
