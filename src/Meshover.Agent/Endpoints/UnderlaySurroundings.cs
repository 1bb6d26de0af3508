using System.Collections.Immutable;
using System.Net;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.Endpoints;

/// <summary>What a node knows of the mesh that helps to tell the underlay from what lies behind the node.</summary>
/// <param name="Behind">Announced by this node, or the mesh's own.</param>
/// <param name="Members">Underlay addresses of peers and controllers.</param>
public sealed record UnderlaySurroundings(ImmutableArray<IPNetwork> Behind, ImmutableArray<IPAddress> Members)
{
    public static UnderlaySurroundings None { get; } = new([], []);

    /// <summary>What this node announces: it is looked at how that is reached.</summary>
    public ImmutableArray<IPNetwork> Announced { get; init; } = [];

    public bool SameAs(UnderlaySurroundings other) =>
        Behind.SequenceEqual(other.Behind) && Members.SequenceEqual(other.Members) && Announced.SequenceEqual(other.Announced);

    public bool IsBehind(IPAddress address) => Behind.Any(prefix => prefix.Contains(address));

    public bool HasMemberIn(IPNetwork link) => Members.Any(link.Contains);

    /// <summary>Those of the controllers that are named by address.</summary>
    public static IEnumerable<IPAddress> AddressesOf(IEnumerable<string> controllers)
    {
        foreach (var controller in controllers)
        {
            if (HostPort.TryParse(controller, out var host) && IPAddress.TryParse(host.Host, out var address))
                yield return address;
        }
    }
}
