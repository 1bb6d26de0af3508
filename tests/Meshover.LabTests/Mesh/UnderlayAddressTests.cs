using System.Net;
using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>Machines with one family of addresses, and machines whose addresses change.</summary>
public sealed class UnderlayAddressTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task OneFamilyEach_IPv4OnlyAndIPv6Only_JoinAndReachEachOtherByTheNodeThatHasBoth()
    {
        await using var mesh = await LabMesh.BuildAsync(Options(), TimeProvider.System, _ct);
        Remove(mesh.Node(1), AddressFamily.InterNetwork);
        Remove(mesh.Node(2), AddressFamily.InterNetworkV6);
        await mesh.StartControllerAsync(new TestProgress(), _ct);
        await mesh.JoinAllAsync(new TestProgress(), _ct);

        await mesh.WaitUntilReachableAsync(new TestProgress(), _ct);

        await UntilAsync(mesh.Node(1), "n2", peer => peer.Path == "transit");
        await UntilAsync(mesh.Node(1), "n3", peer => peer.Path == "direct" && peer.Endpoint?.StartsWith("[2001:db8::3]:", StringComparison.Ordinal) == true);
        await UntilAsync(mesh.Node(2), "n3", peer => peer.Path == "direct" && peer.Endpoint?.StartsWith("192.0.2.3:", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Addresses_OfARunningNodeChange_PeersAndControllerFollow()
    {
        await using var mesh = await LabMesh.StartAsync(Options(), TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);

        foreach (var family in (AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]) Remove(mesh.Node(1), family);
        using (var netlink = RouteNetlink.OpenIn(mesh.Node(1).Machine.NetworkPath))
        {
            netlink.ReplaceAddress(UnderlayPlanner.Uplink, IPAddress.Parse("192.0.2.101"), 24);
            netlink.ReplaceAddress(UnderlayPlanner.Uplink, IPAddress.Parse("2001:db8::101"), 64);
        }

        foreach (var other in (int[])[2, 3])
            await UntilAsync(mesh.Node(other), "n1", peer => peer.Path == "direct" && peer.Endpoint?.StartsWith("[2001:db8::101]:", StringComparison.Ordinal) == true);
        await mesh.SettledAsync(_ct);
    }

    private static LabOptions Options() => new() { Prefix = LabPrefix.Next(), Nodes = 3 };

    /// <summary>All addresses of that family but the link-local one.</summary>
    private static void Remove(LabNode node, AddressFamily family)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        var uplink = netlink.GetLink(UnderlayPlanner.Uplink);
        var addresses = netlink.GetAddresses(uplink.Index).Where(each => each.Address.AddressFamily == family && !each.Address.IsIPv6LinkLocal).ToArray();
        Assert.NotEmpty(addresses);
        foreach (var address in addresses) netlink.DeleteAddress(address);
    }

    private async Task UntilAsync(LabNode node, string hostname, Func<PeerState, bool> isSo) =>
        await Until.NothingIsMissingAsync($"{node.Machine.Name} sees {hostname} as it should", Patience, async () =>
        {
            var peer = (await node.StatusAsync(_ct)).Peers.Single(each => each.Hostname == hostname);
            return isSo(peer) ? null : $"{peer.Path}, endpoint {peer.Endpoint}";
        }, _ct);
}
