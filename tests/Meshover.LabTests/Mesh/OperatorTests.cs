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

    // The directory is watched.
    private static readonly TimeSpan TemplatePatience = TimeSpan.FromSeconds(30);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Status_UnderlayOfBothFamilies_ShowsIPv6Endpoints()
    {
        await _mesh.SettledAsync(_ct);
        var endpoints = new List<string?>();
        foreach (var node in _mesh.Nodes)
            endpoints.AddRange((await node.StatusAsync(_ct)).Peers.Select(peer => peer.Endpoint));
        // A pair that met while one of its IPv6 addresses was not usable yet stays with IPv4 as long as that works: one of the three may.
        Assert.True(endpoints.Count(endpoint => endpoint?.StartsWith("[2001:db8::", StringComparison.Ordinal) == true) >= 4, string.Join(' ', endpoints));
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
    public async Task Snippet_AddedWhileRunning_IsThereAtOnceWithoutAReset_AndABrokenOneIsRefusedWithFileAndLine()
    {
        const string named = $"{Templates}/30-names.mesh.liquid", broken = $"{Templates}/40-broken.bgp.liquid";
        var node = _mesh.Node(2);
        (await node.Machine.RunAsync("mkdir", [Templates], _ct)).Checked();
        (await node.UpAsync(input: null, ["--templates", Templates], _ct)).Checked();
        (await node.Machine.RunAsync("rmdir", [Templates], _ct)).Checked(); // it may come later
        await _mesh.SettledAsync(_ct);
        var (before, sessions) = (await ConfigurationAsync(node), await SessionsAsync(node));

        (await node.Machine.RunAsync("mkdir", [Templates], _ct)).Checked();
        await WriteAsync(node, $"{named}.new", "neighbor {{ neighbor.interface }} description {{ neighbor.host_name }}\n");
        (await node.Machine.RunAsync("mv", [$"{named}.new", named], _ct)).Checked();
        await Until.NothingIsMissingAsync("the snippet runs", TemplatePatience, async () =>
            await ConfigurationAsync(node) is var now && now.Contains("description n1", StringComparison.Ordinal) ? null : now, _ct);
        Assert.Equal(sessions, await SessionsAsync(node));
        var good = await ConfigurationAsync(node);
        Assert.Equal("", (await node.MeshoverAsync(["frr", "diff"], _ct)).Checked());

        await WriteAsync(node, broken, "bgp default local-preference 123\nbgp no-such-command\n");
        await Until.NothingIsMissingAsync("the broken one is named", TemplatePatience, async () =>
            await RoutingAsync(node) is { State: "degraded", Errors: [var error] } && error.StartsWith($"{broken}(2): ", StringComparison.Ordinal)
                ? null
                : JsonSerializer.Serialize(await RoutingAsync(node)), _ct);
        Assert.Equal(good, await ConfigurationAsync(node));
        await AssertCommandsAsync(node, broken);

        (await node.Machine.RunAsync("rm", ["-r", Templates], _ct)).Checked();
        await Until.NothingIsMissingAsync("all is as it was", TemplatePatience, async () =>
            await ConfigurationAsync(node) is var now && now == before ? null : now, _ct);
        await Until.NothingIsMissingAsync("routing is well", TemplatePatience, async () =>
            await RoutingAsync(node) is { State: "ok" } ? null : "it is not", _ct);
        Assert.Equal(sessions, await SessionsAsync(node));
    }

    /// <summary>What the commands say of templates of which one is broken.</summary>
    private async Task AssertCommandsAsync(LabNode node, string broken)
    {
        var check = await node.MeshoverAsync(["frr", "check"], _ct);
        Assert.Equal(1, check.ExitCode);
        Assert.Contains($"{broken}(2): ", check.Error, StringComparison.Ordinal);
        var diff = await node.MeshoverAsync(["frr", "diff"], _ct);
        Assert.Equal(3, diff.ExitCode);
        Assert.Contains(" bgp no-such-command\n", diff.Output, StringComparison.Ordinal);
        Assert.Contains(" bgp no-such-command\n", (await node.MeshoverAsync(["frr", "render", "--daemon", "bgpd"], _ct)).Checked(), StringComparison.Ordinal);
        // Of templates alone, where no node is.
        var alone = await node.MeshoverAsync(["--run-dir", "/nowhere", "frr", "check", "--json", Templates], _ct);
        Assert.Equal(1, alone.ExitCode);
        using var document = JsonDocument.Parse(alone.Output);
        Assert.Equal((true, broken, 2), (document.RootElement.GetProperty("example").GetBoolean(), document.RootElement.GetProperty("file").GetString(), document.RootElement.GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task NodeStatus_AskedThroughTheController_IsWhatTheNodeItselfShows()
    {
        await _mesh.SettledAsync(_ct);
        foreach (var node in _mesh.Nodes)
        {
            await Until.NothingIsMissingAsync($"{node.Machine.Name} tells the controller what it shows itself", TimeSpan.FromSeconds(60), async () =>
            {
                var there = Describe(await node.StatusAsync(_ct));
                var result = await MeshoverAsync("node", "status", $"n{node.Number}", "--json");
                var asked = Describe(NodeStatus.Parse(result.Output.Length > 0 ? result.Output : result.Checked()));
                return there == asked ? null : $"it shows {there}, and tells {asked}";
            }, _ct);
        }
        var nobody = await MeshoverAsync("node", "status", "nobody");
        Assert.Equal(1, nobody.ExitCode);
        Assert.Contains("There is no node \"nobody\"", nobody.Error, StringComparison.Ordinal);
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

    private Task WriteExtraAsync(LabNode node, string text) => WriteAsync(node, Extra, text);

    private async Task WriteAsync(LabNode node, string path, string text) => (await node.Machine.RunAsync("tee", [path], text, _ct)).Checked();

    /// <summary>How often each session came up and went.</summary>
    private async Task<string[]> SessionsAsync(LabNode node) =>
    [
        .. (await node.MeshoverAsync(["vtysh", "-c", "show bgp ipv4 unicast summary json"], _ct)).Checked().Split('\n')
            .Select(line => line.Trim()).Where(line => line.StartsWith("\"connections", StringComparison.Ordinal)),
    ];
    // Without what changes from moment to moment.
    private static string Describe(NodeStatus status) => string.Join("; ", (object?[])[status.State, status.Node, .. status.Components, .. status.Peers]);

    private async Task<CommandResult> UpWithNewTokenAsync(LabNode node) =>
        await node.UpAsync(await _mesh.Controller.CreateTokenAsync(node.Number, _ct), ["--join", "-", "--no-wait"], _ct);

    private async Task AdminAsync(params string[] arguments) => (await MeshoverAsync(arguments)).Checked();

    private Task<CommandResult> MeshoverAsync(params string[] arguments) => _mesh.Controller.Machine.RunAsync(LabPrograms.Meshover, arguments, _ct);

    private async Task<string> ConfigurationAsync(LabNode node) => (await node.MeshoverAsync(["vtysh", "-c", "show running-config"], _ct)).Checked();

    private async Task<ComponentState> RoutingAsync(LabNode node) => (await node.StatusAsync(_ct)).Components.Single(part => part.Name == "routing");
}
