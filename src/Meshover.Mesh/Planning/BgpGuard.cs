using System.Collections.Immutable;
using System.Net;

namespace Meshover.Mesh.Planning;

/// <summary>BGP's port is open to the mesh, to this machine itself and to these, and to nobody else.</summary>
public sealed record BgpGuard
{
    private readonly ListOf<BgpCaller> _callers;

    /// <summary>TCP port that bgpd listens on.</summary>
    public required int Port { get; init; }
    public required ImmutableArray<BgpCaller> Callers { get => _callers.Elements; init => _callers = new(value); }

    /// <summary>Null without neighbours outside: what the operator's own templates make of the port is his business then.</summary>
    public static BgpGuard? For(int port, ImmutableArray<ExternalNeighbor> neighbors) => neighbors.IsEmpty
        ? null
        : new BgpGuard { Port = port, Callers = [.. neighbors.Select(neighbor => new BgpCaller(neighbor.Address, neighbor.Interface))] };
}

/// <summary>Where a session may come from.</summary>
/// <param name="Address">Null: any link-local one.</param>
/// <param name="Interface">Null: any.</param>
public sealed record BgpCaller(IPAddress? Address, string? Interface);
