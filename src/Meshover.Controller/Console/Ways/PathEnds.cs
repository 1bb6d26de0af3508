using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Console.Ways;

/// <summary>One end of a path.</summary>
/// <param name="Name">As it was asked for.</param>
/// <param name="Address">By which packets know it.</param>
/// <param name="Nodes">Members that have it, or announce the longest prefix around it, the connected ones first; empty: it is outside of the mesh.</param>
/// <param name="IsBehind">It is no node's own address.</param>
internal sealed record PathEnd(string Name, IPAddress Address, ImmutableArray<StoredNode> Nodes, bool IsBehind);

/// <summary>Finds what somebody means by a node's name or an address. Pure; O(announcements) where it is an address.</summary>
internal static class PathEnds
{
    private const int Longest = 254; // a hostname and its final dot

    /// <exception cref="RefusalException">It is neither, or both are addresses of different families.</exception>
    public static (PathEnd From, PathEnd To) Find(MeshState mesh, LiveState live, string from, string to, bool ipv4)
    {
        var (a, b) = (AddressOf(from), AddressOf(to));
        if (a is not null && b is not null && a.AddressFamily != b.AddressFamily)
            throw new RefusalException(RefusalReason.Precondition, "One is an IPv4 address and the other an IPv6 address: no packet goes from one to the other.");
        var family = (a ?? b)?.AddressFamily ?? (ipv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
        return (a is null ? OfNode(mesh, from, family) : OfAddress(mesh, live, a), b is null ? OfNode(mesh, to, family) : OfAddress(mesh, live, b));
    }

    private static IPAddress? AddressOf(string text) =>
        IPAddress.TryParse(text, out var address) && (text.Contains('.', StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal)) && address.ScopeIdOrNone() == 0 ? address : null;

    private static long ScopeIdOrNone(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;

    private static PathEnd OfNode(MeshState mesh, string name, AddressFamily family)
    {
        if (name.Length is 0 or > Longest || !HostName.TryNormalise(name, out var normal, out _) || mesh.MemberByHostName(normal) is not { } member)
            throw new RefusalException(RefusalReason.NotFound, $"{Violations.Quote(name)} is neither a node of the mesh nor an address.");
        return new PathEnd(member.Record.HostName, IPAddress.Parse(family == AddressFamily.InterNetwork ? member.Record.Address4 : member.Record.Address6), [member.Record], IsBehind: false);
    }

    private static PathEnd OfAddress(MeshState mesh, LiveState live, IPAddress address)
    {
        var members = mesh.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record).ToList();
        var text = address.ToString();
        if (members.Find(node => node.Addresses.Any(own => IPAddress.Parse(own).Equals(address))) is { } owner)
            return new PathEnd(text, address, [owner], IsBehind: false);
        var covering = members.Select(node => (Node: node, Longest: LongestAround(live.Node(node.Id), address))).Where(one => one.Longest >= 0).ToList();
        var longest = covering.Select(one => one.Longest).DefaultIfEmpty(-1).Max();
        return new PathEnd(text, address,
            [.. covering.Where(one => one.Longest == longest).OrderByDescending(one => live.Node(one.Node.Id)!.IsOnline).ThenBy(one => one.Node.Id).Select(one => one.Node)], IsBehind: true);
    }

    /// <summary>-1: none of what it announces is around it.</summary>
    private static int LongestAround(LiveNode? node, IPAddress address) => node is null ? -1
        : node.Report.Announced.Where(prefix => prefix.BaseAddress.AddressFamily == address.AddressFamily && prefix.Contains(address)).Select(prefix => prefix.PrefixLength).DefaultIfEmpty(-1).Max();
}
