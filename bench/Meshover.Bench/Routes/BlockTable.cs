using System.Globalization;
using System.Net;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;

namespace Meshover.Bench.Routes;

/// <summary>A node's table 119, which it announces: a route for each block of addresses, by <c>lo</c>, of protocol 30, as Coil v2 writes it.</summary>
internal sealed class BlockTable : IDisposable
{
    public const string Name = "119";
    public static readonly IPNetwork Range = IPNetwork.Parse("10.224.0.0/14");
    private const uint Number = 119;
    private const byte CoilProtocol = 30;
    private const int BlockLength = 28, BlocksInRange = 1 << (BlockLength - 14);
    private readonly RouteNetlink _netlink;
    private readonly int _loopback;

    private BlockTable(LabNode node)
    {
        _netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        _loopback = _netlink.GetLink("lo").Index;
    }

    /// <summary>The node announces it from then on, once it knows that it is granted.</summary>
    public static async Task<BlockTable> OpenAsync(LabMesh mesh, LabNode node, CancellationToken ct)
    {
        await mesh.Controller.GrantAsync(node.Number, $"{Range}", ["--max-length", BlockLength.ToString(CultureInfo.InvariantCulture)], ct);
        (await node.UpAsync(input: null, ["--no-wait", "--announce-tables", Name], ct)).Checked();
        return new BlockTable(node);
    }

    /// <summary>A block of 16 addresses by its number, from 0.</summary>
    public static IPNetwork Block(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, BlocksInRange);
        var first = Range.BaseAddress.GetAddressBytes();
        first[1] += (byte)(number >> 12);
        first[2] = (byte)(number >> 4);
        first[3] = (byte)(number << 4);
        return new IPNetwork(new IPAddress(first), BlockLength);
    }

    public void Add(IPNetwork block) => _netlink.ReplaceRoute(RouteTo(block));

    public void Remove(IPNetwork block) => _netlink.DeleteRoute(RouteTo(block));

    public void Dispose() => _netlink.Dispose();

    private RouteInfo RouteTo(IPNetwork block) => new() { Destination = block, Table = Number, Protocol = CoilProtocol, OutputLink = _loopback };
}
