using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.LabTests.Routing;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>A node whose settings name a router outside, as its operator writes and changes them.</summary>
public sealed class BorderTests
{
    private const string Settings = "/etc/meshover/agent.yaml";
    private const string Learned = "10.20.2.0/24";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Neighbour_InTheSettings_ComesAndChangesAndGoesWithThem()
    {
        await using var mesh = await LabMesh.StartAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 2 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var (border, inside) = (mesh.Node(1), mesh.Node(2));
        (await mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, ["grant", "add", "n1", "10.20.0.0/16", "--max-length", "24"], _ct)).Checked();
        await Until.TrueAsync("the grant is known", Patience, async () => (await ConfigurationAsync(border)).Contains("10.20.0.0/16 le 24", StringComparison.Ordinal));
        using var outside = await BirdAsync(border);
        var (before, written) = (await ConfigurationAsync(border), await border.Machine.RunAsync("cat", [Settings], _ct));

        await SetAsync(border, written.Checked() + Neighbors(outside, "secret"));
        await Until.NothingIsMissingAsync("the session is up", Patience, async () => await NeighborAsync(border) is { State: "Established", Error: null, Received: 1, Sent: >= 2 } ? null : $"{await NeighborAsync(border)}", _ct);
        await LearnedAsync(inside, isThere: true);
        await StrangersAreRefusedAsync(border, inside);

        var refused = await UpAsync(border, written.Checked() + Neighbors(outside, "secret").Replace("64513", "someone", StringComparison.Ordinal));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("neighbors[0].remote-as: \"someone\" is not an AS number", refused.Error, StringComparison.Ordinal);
        Assert.Equal("Established", (await NeighborAsync(border)).State);

        await SetAsync(border, written.Checked() + Neighbors(outside, "another"));
        await Until.NothingIsMissingAsync("the password is said to be wrong", Patience, async () =>
            (await NeighborAsync(border)).Error is { } error && error.Contains("segments with a wrong or missing password", StringComparison.Ordinal) ? null : $"{await NeighborAsync(border)}", _ct);
        await mesh.SettledAsync(_ct);

        await SetAsync(border, written.Checked());
        await LearnedAsync(inside, isThere: false);
        Assert.Equal(before, await ConfigurationAsync(border));
        Assert.DoesNotContain("strangers", await FirewallAsync(border), StringComparison.Ordinal);
    }

    private static Task<OutsideBird> BirdAsync(LabNode border) => OutsideBird.StartAsync(border.Machine.NetworkPath, router => $$"""
        protocol static here { ipv4; route {{Learned}} blackhole; route 10.21.2.0/24 blackhole; }
        protocol bgp mesh {
          local {{router.Address}} as 64513;
          neighbor {{router.NodeAddress}} port 12914 as 64999;
          password "secret";
          connect retry time 2;
          connect delay time 1;
          ipv4 { import all; export where source = RTS_STATIC; };
        }

        """);

    private static string Neighbors(OutsideBird outside, string password) => $$"""

        neighbors:
          - address: {{outside.Address}}
            remote-as: 64513
            local-as: 64999
            password: {{password}}
            out:
              prefixes: [10.64.0.0/16 le 24]

        """;

    private async Task SetAsync(LabNode node, string settings) => (await UpAsync(node, settings)).Checked();

    private async Task<CommandResult> UpAsync(LabNode node, string settings)
    {
        (await node.Machine.RunAsync("tee", [Settings], settings, _ct)).Checked();
        return await node.UpAsync(input: null, [], _ct);
    }

    /// <summary>From the underlay nobody else gets an answer at BGP's port.</summary>
    private async Task StrangersAreRefusedAsync(LabNode border, LabNode stranger)
    {
        Assert.Contains("counter strangers", await FirewallAsync(border), StringComparison.Ordinal);
        var tried = await stranger.Machine.RunAsync("timeout", ["2", "bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/12914"], _ct);
        Assert.Equal(124, tried.ExitCode);
    }

    private async Task LearnedAsync(LabNode node, bool isThere)
    {
        using var netlink = RouteNetlink.OpenIn(node.Machine.NetworkPath);
        await Until.TrueAsync($"{Learned} is {(isThere ? "" : "not ")}routed", Patience, () =>
            netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }).Any(route => $"{route.Destination}" == Learned) == isThere);
        Assert.DoesNotContain(netlink.GetRoutes(new RouteFilter { Protocol = RouteProtocols.Bgp }), route => $"{route.Destination}" == "10.21.2.0/24");
    }

    private async Task<(string State, string? Error, int Received, int Sent)> NeighborAsync(LabNode node)
    {
        using var status = JsonDocument.Parse((await node.MeshoverAsync(["status", "--json"], _ct)).Output);
        var neighbor = Assert.Single(status.RootElement.GetProperty("neighbors").EnumerateArray());
        return (neighbor.GetProperty("bgpState").GetString()!, neighbor.GetProperty("error").GetString(),
            neighbor.GetProperty("prefixesReceived").GetInt32(), neighbor.GetProperty("prefixesSent").GetInt32());
    }

    private async Task<string> ConfigurationAsync(LabNode node) => (await node.MeshoverAsync(["vtysh", "-c", "show running-config"], _ct)).Checked();

    private async Task<string> FirewallAsync(LabNode node) => (await node.Machine.RunAsync("nft", ["list", "table", "inet", "meshover"], _ct)).Checked();
}
