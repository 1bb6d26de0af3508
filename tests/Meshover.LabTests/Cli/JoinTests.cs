using System.Runtime.InteropServices;
using Meshover.Linux.Processes;

namespace Meshover.LabTests.Cli;

/// <summary>The ways by which a join string comes to a node. (By stdin the meshes of the lab join.)</summary>
public sealed class JoinTests(CliBed bed) : IClassFixture<CliBed>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await bed.MeshoverAsync("leave", "--force");

    [Fact]
    public async Task Up_JoinStringInAFile_Joins()
    {
        var file = await bed.WriteAsync("join", bed.Join + "\n");

        (await bed.MeshoverAsync("up", "--join", $"@{file}", "--hostname", "by-file", "--no-wait")).Checked();

        await AssertIsAsync("by-file");
    }

    [Fact]
    public async Task Up_JoinStringInTheEnvironment_JoinsAndTheDaemonsDoNotInheritIt()
    {
        var environment = new Dictionary<string, string> { ["MESHOVER_JOIN"] = bed.Join };

        (await bed.MeshoverWithAsync(environment, "up", "--hostname", "by-variable", "--no-wait")).Checked();

        await AssertIsAsync("by-variable");
        foreach (var daemon in (string[])["run", "agent", "dataplane", "routing"])
            Assert.DoesNotContain("MESHOVER_JOIN", await File.ReadAllTextAsync($"/proc/{bed.Daemon(daemon)!.Pid}/environ"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FirstStartOfAContainer_JoinsByTheEnvironmentAndComesBackWithoutIt()
    {
        var first = bed.Start(new Dictionary<string, string?> { ["MESHOVER_JOIN"] = bed.Join }, "run", "--hostname", "contained");
        await WellAsync();
        await AssertIsAsync("contained");
        var id = await IdAsync();
        await EndAsync(first);
        Assert.Null(bed.Daemon("agent"));

        var second = bed.Start(new Dictionary<string, string?> { ["MESHOVER_JOIN"] = null }, "run", "--hostname", "contained");
        await WellAsync();

        Assert.Equal(id, await IdAsync());
        await EndAsync(second);
    }

    [Fact]
    public async Task Run_TokenThatIsRefused_SaysWhyAndGoesOnTrying()
    {
        var token = (await bed.AdminAsync("token", "create", "--json")).Checked();
        using var json = System.Text.Json.JsonDocument.Parse(token);
        (await bed.AdminAsync("token", "revoke", json.RootElement.GetProperty("id").GetString()!)).Checked();

        var run = bed.Start(new Dictionary<string, string?> { ["MESHOVER_JOIN"] = json.RootElement.GetProperty("joinString").GetString() }, "run", "--hostname", "refused");

        await Until.TrueAsync("it says why", Patience, async () => (await bed.LogAsync()).Contains("revoked", StringComparison.Ordinal));
        Assert.NotNull(bed.Daemon("run"));
        Assert.Null(bed.Daemon("agent"));
        await EndAsync(run);
    }

    // As a container's runtime ends it.
    private static async Task EndAsync(ProcessIdentity run)
    {
        using var deadline = new CancellationTokenSource(Patience);
        Assert.True(run.Signal(PosixSignal.SIGTERM));
        await run.WaitForExitAsync(deadline.Token);
    }

    private Task<TimeSpan> WellAsync() => Until.TrueAsync("the node is well", Patience, async () => (await bed.MeshoverAsync("status")).ExitCode == 0);

    private async Task AssertIsAsync(string hostName) => Assert.Equal(hostName, (await bed.StatusAsync()).GetProperty("node").GetProperty("hostname").GetString());

    private async Task<int> IdAsync() => (await bed.StatusAsync()).GetProperty("node").GetProperty("id").GetInt32();
}
