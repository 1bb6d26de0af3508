using System.Collections.Immutable;
using System.Net;

namespace Meshover.Mesh.Planning;

/// <summary>A bridge, or another interface, with workloads on it that know nothing of the mesh.</summary>
/// <param name="Interface">Its name.</param>
public sealed record WorkloadNetwork(string Interface)
{
    private readonly ListOf<IPNetwork> _prefixes;

    /// <summary>Of what is found there, the addresses that are meant.</summary>
    public ImmutableArray<IPNetwork> Prefixes { get => _prefixes.Elements; init => _prefixes = new(value); }

    /// <summary>Each host is announced for itself, so that it may move to another node. False: the prefixes are, as long as the interface is up.</summary>
    public bool Hosts { get; init; }
}
