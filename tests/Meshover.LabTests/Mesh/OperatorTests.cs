using System.Text.Json;
using Meshover.Lab;
using Meshover.Lab.Machines;
using Meshover.Lab.Meshes;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>What operators do to a mesh that runs, and what they read of it. One mesh: each test leaves it whole.</summary>
public sealed class OperatorTests(MeshFixture fixture) : IClassFixture<MeshFixture>
{
    private const string Templates = "/etc/meshover/templates";
    private const string Extra = $"{Templates}/bgpd.extra.conf.liquid";

    // What the template's language, and what FRR, does not understand; and what is said of it.
    private static readonly (string Template, string Said)[] Wrong =
    [
        ("bgp community-list standard MINE seq 5 permit {{ no_such_value }}\n", $"{Extra}(1,"),
        ("ip prefix-list MINE seq 5 permit 10.0.0.0/24 ge 8\n", "Invalid prefix range"),
    ];

    // The agent reads the templates again each 15 s while all is well.
    private static readonly TimeSpan TemplatePatience = TimeSpan.FromSeconds(40);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Status_UnderlayOfBothFamilies_ShowsIPv6Endpoints()
    {
        await _mesh.SettledAsync(_ct);
        foreach (var node in _mesh.Nodes)
            Assert.All((await node.StatusAsync(_ct)).Peers, peer => Assert.StartsWith("[2001:db8::", peer.Endpoint, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Template_ErrorOnARunningNode_IsShownAndFrrGoesOnUntilItIsMended()
    {
        var node = _mesh.Node(1);
        (await node.Machine.RunAsync("mkdir", [Templates], _ct)).Checked();
        (await node.UpAsync(input: null, ["--templates", Templates], _ct)).Checked();
        await _mesh.SettledAsync(_ct);
        var good = await ConfigurationAsync(node);

        var reports = await PingWindow.DuringAsync(_mesh, TimeSpan.FromSeconds(10), async () =>
        {
            foreach (var (wrong, said) in Wrong)
            {
                await WriteExtraAsync(node, wrong);
                await Until.NothingIsMissingAsync($"it says: {said}", TemplatePatience, async () =>
                    await RoutingAsync(node) is { State: "degraded", Errors: [var error] }
                        && error.Contains(said, StringComparison.Ordinal) && error.Contains("FRR keeps its last configuration; correct the template", StringComparison.Ordinal)
                        ? null
                        : JsonSerializer.Serialize(await RoutingAsync(node)), _ct);
                Assert.Equal(good, await ConfigurationAsync(node));
            }
            await WriteExtraAsync(node, "bgp community-list standard MINE seq 5 permit 65000:{{ bgp_port }}\n");
            await Until.NothingIsMissingAsync("the mended template is applied", TemplatePatience, async () =>
                await ConfigurationAsync(node) is var now && now.Contains("community-list standard MINE", StringComparison.Ordinal) ? null : now, _ct);
        }, _ct);

        PingWindow.AssertLostAtMost(0, TimeSpan.FromSeconds(10), reports);
        await Until.NothingIsMissingAsync("routing is well", TemplatePatience, async () =>
            await RoutingAsync(node) is { State: "ok" } ? null : "it is not", _ct);
    }

    [Fact]
    public async Task NodeRemove_TakesItOutEverywhereWithin2SecondsAndRefusesItUntilItIsAllowed()
    {
        await _mesh.SettledAsync(_ct);
        var removed = _mesh.Node(3);
        var link = (await _mesh.Node(1).StatusAsync(_ct)).Peers.Single(peer => peer.Hostname == "n3").Link;

        await AdminAsync("node", "remove", "n3");

        foreach (var other in _mesh.Nodes.Where(node => node != removed))
        {
            using var netlink = RouteNetlink.OpenIn(other.Machine.NetworkPath);
            await Until.NothingIsMissingAsync($"{other.Machine.Name} has no link to n3", TimeSpan.FromSeconds(2), () =>
                Task.FromResult(netlink.FindLink(link) is null ? null : $"{link} is there"), _ct);
        }
        await Until.NothingIsMissingAsync("n3 knows that it is refused", TimeSpan.FromSeconds(15), async () =>
            (await removed.StatusAsync(_ct)).Controller is { State: "refused", Error: { } why } && why.Contains("removed", StringComparison.Ordinal)
                ? null
                : (await removed.StatusAsync(_ct)).Controller.ToString(), _ct);
        var again = await UpWithNewTokenAsync(removed);
        Assert.NotEqual(0, again.ExitCode);
        Assert.Contains("meshover node allow", again.Error, StringComparison.Ordinal);

        await AdminAsync("node", "allow", "n3");
        (await UpWithNewTokenAsync(removed)).Checked();
        await _mesh.SettledAsync(_ct);
    }

    private async Task WriteExtraAsync(LabNode node, string text) => (await node.Machine.RunAsync("tee", [Extra], text, _ct)).Checked();

    private async Task<CommandResult> UpWithNewTokenAsync(LabNode node) =>
        await node.UpAsync(await _mesh.Controller.CreateTokenAsync(node.Number, _ct), ["--join", "-", "--no-wait"], _ct);

    private async Task AdminAsync(params string[] arguments) =>
        (await _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, arguments, _ct)).Checked();

    private async Task<string> ConfigurationAsync(LabNode node) => (await node.MeshoverAsync(["vtysh", "-c", "show running-config"], _ct)).Checked();

    private async Task<ComponentState> RoutingAsync(LabNode node) => (await node.StatusAsync(_ct)).Components.Single(part => part.Name == "routing");
}
