using System.Text.Json;
using Meshover.Lab.Faults;
using Meshover.Lab.Meshes;

namespace Meshover.LabTests.Mesh;

/// <summary>How soon a link that fell silent is given up, with FRR 8.4 and 10.3 in one mesh; and that another profile costs no session.</summary>
public sealed class BfdProfileTests(FrrReleaseMesh fixture) : IClassFixture<FrrReleaseMesh>
{
    // A link is trusted after twelve good echoes, and has been looked at before.
    private static readonly TimeSpan TrustedWithin = TimeSpan.FromSeconds(150), ToldWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(12);
    private readonly LabMesh _mesh = fixture.Mesh;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>0.3 s of BFD, and what this machine is busy with besides.</summary>
    [Fact]
    public async Task ShortLinks_AfterAMinute_AreGivenUpSoonWhenTheyFallSilent_AndThenDoubted()
    {
        await _mesh.SettledAsync(_ct);
        await AllHaveAsync("lan", 100, 3, TrustedWithin);
        await AssertGapAsync(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal("wan", (await _mesh.Node(1).StatusAsync(_ct)).Peers.Single(peer => peer.Hostname == "n2").BfdProfile);
        await _mesh.SettledAsync(_ct);
        await AllHaveAsync("lan", 100, 3, 2 * TrustedWithin);
    }

    [Fact]
    public async Task Profile_SetByTheOperator_HoldsAtOnce_AndNoSessionEnds()
    {
        await _mesh.SettledAsync(_ct);
        var (sessions, start) = (await YoungestSessionAsync(), TimeProvider.System.GetTimestamp());
        try
        {
            await SetAsync("lan");
            await AllHaveAsync("lan", 100, 3, ToldWithin);
            await SetAsync("lossy");
            await AllHaveAsync("lossy", 300, 8, ToldWithin);
            Assert.True(await YoungestSessionAsync() >= sessions + TimeProvider.System.GetElapsedTime(start) - TimeSpan.FromSeconds(2), "a session ended with a change of its profile");
            await AssertGapAsync(TimeSpan.FromSeconds(1.6), TimeSpan.FromSeconds(4));
        }
        finally
        {
            await SetAsync("");
        }
        await _mesh.SettledAsync(_ct);
    }

    /// <summary>Six links, each of which loses 1 % each way, by the profiles that the agents choose. An hour, so only by name.</summary>
    [Fact(Explicit = true)]
    public async Task Sessions_AnHourAtOnePercentLoss_NoneEnds()
    {
        await using var mesh = await LabMesh.StartAsync(new Meshover.Lab.LabOptions { Prefix = LabPrefix.Next(), Nodes = 4 }, TimeProvider.System, new TestProgress(), _ct);
        await mesh.SettledAsync(_ct);
        var cables = new List<Cut>();
        foreach (var (a, b) in from a in mesh.Nodes from b in mesh.Nodes where a.Number < b.Number select (a, b))
            cables.Add(await Cut.SomeAsync(mesh, a, b, perMille: 10, _ct));
        var before = await SessionsAsync(mesh);
        await Task.Delay(TimeSpan.FromHours(1), TimeProvider.System, _ct);
        var after = await SessionsAsync(mesh);
        var profiles = string.Join("; ", await Task.WhenAll(mesh.Nodes.Select(async node => string.Join(' ', (await node.StatusAsync(_ct)).Peers.Select(peer => peer.BfdProfile)))));
        System.Console.WriteLine($"an hour at 1 % loss: {string.Join(' ', after)}, {profiles}");
        Assert.Equal(12, after.Count);
        Assert.All(before.Zip(after), session => Assert.True(session.Second >= session.First + TimeSpan.FromMinutes(59), $"{string.Join(' ', before)} before, {string.Join(' ', after)} after, {profiles}"));
        foreach (var cable in cables)
            await cable.DisposeAsync();
    }

    private async Task<List<TimeSpan>> SessionsAsync(LabMesh mesh) => [.. (await Task.WhenAll(mesh.Nodes.Select(node => BgpSessions.UptimesAsync(node, _ct)))).SelectMany(one => one)];

    private async Task SetAsync(string profile)
    {
        foreach (var node in _mesh.Nodes)
            (await node.UpAsync(input: null, ["--no-wait", "--bfd-profile", profile], CancellationToken.None)).Checked();
    }

    /// <summary>By what status says, and by FRR's own word of each session: what both ends have agreed upon.</summary>
    private async Task AllHaveAsync(string profile, int intervalMs, int multiplier, TimeSpan patience)
    {
        foreach (var node in _mesh.Nodes)
            await Until.NothingIsMissingAsync($"{node.Machine.Name} has {profile} everywhere", patience, async () =>
            {
                var chosen = string.Join(' ', (await node.StatusAsync(_ct)).Peers.Select(peer => peer.BfdProfile).Distinct());
                using var peers = await BgpSessions.VtyshAsync(node, "show bfd peers json", _ct);
                var agreed = peers.RootElement.EnumerateArray().Select(peer =>
                    $"{Number(peer, "transmit-interval")}/{Number(peer, "remote-transmit-interval")} ms x {Number(peer, "detect-multiplier")}/{Number(peer, "remote-detect-multiplier")} {peer.GetProperty("status")}").ToList();
                var wanted = $"{intervalMs}/{intervalMs} ms x {multiplier}/{multiplier} up";
                return chosen == profile && agreed.Count == 2 && agreed.TrueForAll(one => one == wanted) ? null : $"{chosen}: {string.Join(", ", agreed)}";
            }, _ct);
    }

    private async Task AssertGapAsync(TimeSpan atLeast, TimeSpan atMost)
    {
        Cut? cut = null;
        var reports = await PingWindow.DuringAsync(_mesh, Window, async () => cut = await Cut.BetweenAsync(_mesh, _mesh.Node(1), _mesh.Node(2), onlyIPv6: false, _ct), _ct);
        await using var mend = cut;
        Assert.Contains(reports, report => report.Lost.Length > 0);
        Assert.All(reports, report => Assert.True(report.LongestGap < atMost, report.ToString()));
        Assert.True(reports.Max(report => report.LongestGap) > atLeast, string.Join('\n', reports));
    }

    private async Task<TimeSpan> YoungestSessionAsync() => (await Task.WhenAll(_mesh.Nodes.Select(node => BgpSessions.UptimesAsync(node, _ct)))).SelectMany(one => one).Min();

    private static long Number(JsonElement peer, string name) => peer.GetProperty(name).GetInt64();
}
