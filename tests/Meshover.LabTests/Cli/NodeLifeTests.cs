namespace Meshover.LabTests.Cli;

/// <summary>A node from `up` to `leave`, with its daemons killed in between.</summary>
public sealed class NodeLifeTests(CliBed bed) : IClassFixture<CliBed>, IAsyncLifetime
{
    private static readonly string[] Daemons = ["agent", "routing", "dataplane", "dns"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await bed.MeshoverAsync("leave", "--force");

    [Fact]
    public async Task Down_AfterUp_LeavesNothingButTheIdentity()
    {
        var before = await bed.KernelAsync();
        (await UpAsync()).Checked();
        Assert.NotEqual(before, await bed.KernelAsync());

        (await bed.MeshoverAsync("down")).Checked();

        Assert.Equal(before, await bed.KernelAsync());
        Assert.Equal(["state", "state/identity.json"], bed.Files());
    }

    [Fact]
    public async Task Down_EveryProcessKilledBefore_LeavesNothingButTheIdentity()
    {
        var before = await bed.KernelAsync();
        (await UpAsync()).Checked();
        foreach (var daemon in (string[])["run", .. Daemons])
            bed.Daemon(daemon)!.Kill();

        (await bed.MeshoverAsync("down")).Checked();

        Assert.Equal(before, await bed.KernelAsync());
        Assert.Equal(["state", "state/identity.json"], bed.Files());
        Assert.Empty((await Programs.RunAsync("ip", ["netns", "pids", bed.NodeNamespace])).Output);
    }

    [Fact]
    public async Task Down_Twice_IsNoError()
    {
        (await bed.MeshoverAsync("down")).Checked();
        (await UpAsync()).Checked();
        (await bed.MeshoverAsync("down")).Checked();
        (await bed.MeshoverAsync("down")).Checked();
    }

    [Fact]
    public async Task Up_AfterDown_IsTheSameNodeWithItsSettings()
    {
        (await UpAsync("--announce", "10.64.1.0/24")).Checked();
        var before = (await bed.StatusAsync()).GetProperty("node");
        (await bed.MeshoverAsync("down")).Checked();

        (await bed.MeshoverAsync("up")).Checked();

        var status = await bed.StatusAsync();
        Assert.Equal(before.GetProperty("id").GetInt32(), status.GetProperty("node").GetProperty("id").GetInt32());
        Assert.Equal(before.GetProperty("address4").GetString(), status.GetProperty("node").GetProperty("address4").GetString());
        Assert.Contains("10.64.1.0/24", await File.ReadAllTextAsync(bed.Config), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Up_OtherAnnouncedPrefixes_RestartsNobody()
    {
        (await UpAsync()).Checked();
        var before = bed.Pids(["run", .. Daemons]);

        (await bed.MeshoverAsync("up", "--announce", "10.64.7.0/24")).Checked();

        Assert.Equal(before, bed.Pids(["run", .. Daemons]));
        var status = await bed.StatusAsync();
        var asked = Assert.Single(status.GetProperty("announcements").EnumerateArray());
        Assert.Equal(("10.64.7.0/24", "configuration"), (asked.GetProperty("prefix").GetString(), asked.GetProperty("sources")[0].GetString()));
        var generation = status.GetProperty("generation").GetInt64();
        Assert.All(status.GetProperty("components").EnumerateArray().Skip(1), component => Assert.Equal(generation, component.GetProperty("appliedGeneration").GetInt64()));
        (await bed.MeshoverAsync("up", "--announce", "")).Checked();
        Assert.Equal(before, bed.Pids(["run", .. Daemons]));
        Assert.Empty((await bed.StatusAsync()).GetProperty("announcements").EnumerateArray());
    }

    [Fact]
    public async Task Up_Again_ChangesNothing_AndANewSettingRestartsTheAgentAlone()
    {
        (await UpAsync()).Checked();
        var before = bed.Pids(["run", .. Daemons]);

        (await UpAsync()).Checked();
        Assert.Equal(before, bed.Pids(["run", .. Daemons]));

        (await bed.MeshoverAsync("up", "--site", "tokyo")).Checked();
        Assert.Equal(before.RemoveAt(1), bed.Pids("run", "routing", "dataplane", "dns"));
        Assert.NotEqual(before[1], bed.Pids("agent")[0]);
    }

    [Fact]
    public async Task Up_AnotherHostname_IsTheSameNodeByThatName()
    {
        (await UpAsync()).Checked();
        var id = (await bed.StatusAsync()).GetProperty("node").GetProperty("id").GetInt32();

        (await bed.MeshoverAsync("up", "--hostname", "other")).Checked();

        await Until.TrueAsync("it has the new name", Patience, async () => (await bed.StatusAsync()).GetProperty("node").GetProperty("hostname").GetString() == "other");
        Assert.Equal(id, (await bed.StatusAsync()).GetProperty("node").GetProperty("id").GetInt32());
        var nodes = (await bed.AdminAsync("node", "list")).Checked();
        Assert.Contains("other", nodes, StringComparison.Ordinal);
        Assert.DoesNotContain("n1", nodes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_KilledWith9_ItsDaemonsLiveAndTheNextOneAdoptsThem()
    {
        (await UpAsync()).Checked();
        var daemons = bed.Pids(Daemons);
        var run = bed.Daemon("run")!;
        run.Kill();
        await run.WaitForExitAsync();
        Assert.Equal(daemons, bed.Pids(Daemons));

        (await bed.MeshoverAsync("up")).Checked();

        Assert.NotEqual(run.Pid, bed.Pids("run")[0]);
        Assert.Equal(daemons, bed.Pids(Daemons));
        bed.Daemon("agent")!.Kill();
        await Until.TrueAsync("the adopted agent is started again", Patience, () => Task.FromResult(bed.Daemon("agent") is not null));
        Assert.Equal(daemons[1..], bed.Pids("routing", "dataplane", "dns"));
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("routing")]
    [InlineData("dataplane")]
    public async Task Run_DaemonKilled_IsBackAndTheNodeIsWellAgain(string daemon)
    {
        (await UpAsync()).Checked();
        var killed = bed.Daemon(daemon)!;

        killed.Kill();

        await killed.WaitForExitAsync();
        await Until.TrueAsync($"{daemon} runs again", Patience, () => Task.FromResult(bed.Daemon(daemon) is { } process && process.Pid != killed.Pid));
        await Until.TrueAsync("the node is well", Patience, async () => (await bed.MeshoverAsync("status")).ExitCode == 0);
    }

    [Fact]
    public async Task Run_Twice_IsRefused()
    {
        (await UpAsync()).Checked();

        var second = await bed.MeshoverAsync("run");

        Assert.Equal(1, second.ExitCode);
        Assert.StartsWith("meshover: `meshover run` is already running on this machine", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_AgentDead_TellsOfTheOthersAndSaysDegraded()
    {
        (await UpAsync()).Checked();
        bed.Daemon("run")!.Kill();
        bed.Daemon("agent")!.Kill();

        var status = await bed.MeshoverAsync("status", "--json");

        Assert.Equal(3, status.ExitCode);
        Assert.Contains("\"state\": \"degraded\"", status.Output, StringComparison.Ordinal);
        Assert.Equal("ok", (await bed.StatusAsync()).GetProperty("components")[1].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Leave_SignsOffAndLeavesNothing()
    {
        (await UpAsync()).Checked();

        (await bed.MeshoverAsync("leave")).Checked();

        Assert.Empty(bed.Files());
        Assert.DoesNotContain("n1", (await bed.AdminAsync("node", "list")).Checked(), StringComparison.Ordinal);
        Assert.Equal(1, (await bed.MeshoverAsync("up")).ExitCode);
    }

    [Fact]
    public async Task Vtysh_Command_RunsInTheNodesOwnFrr()
    {
        (await UpAsync()).Checked();

        var config = (await bed.MeshoverAsync("vtysh", "-c", "show running-config")).Checked();
        Assert.Contains("router bgp 42", config, StringComparison.Ordinal);
    }

    private Task<Ending> UpAsync(params string[] arguments) => bed.MeshoverAsync(["up", "--join", bed.Join, "--hostname", "n1", .. arguments]);
}
