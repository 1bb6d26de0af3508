using Meshover.Agent.Configuration;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Cli.Up;
using Meshover.Linux.Processes;

namespace Meshover.UnitTests.Cli;

/// <summary>A daemon whose lock is held is one that is seen here, by its pid file, or one elsewhere.</summary>
public sealed class NodeElsewhereTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("meshover-run-");
    private readonly NodePaths _paths;

    public NodeElsewhereTests() => _paths = new NodePaths { RuntimeDirectory = _directory.FullName };

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Refuse_NobodyRuns_DoesNot() => await RefuseAsync();

    [Fact]
    public async Task Refuse_ADaemonThatIsSeen_DoesNot()
    {
        using var held = PidFile.Take(_paths.PidFile(DaemonNames.Routing), DaemonNames.Routing);
        await RefuseAsync();
    }

    [Fact]
    public async Task Refuse_ADaemonThatIsSeen_IsRunning_AndNotTakenTwice()
    {
        using var held = PidFile.Take(_paths.PidFile(DaemonNames.Agent), DaemonNames.Agent);
        Assert.Contains("is already running on this machine (process", Assert.Throws<CliException>(() => PidFile.Take(_paths.PidFile(DaemonNames.Agent), DaemonNames.Agent)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DaemonNames.Run)]
    [InlineData(DaemonNames.Agent)]
    [InlineData(DaemonNames.Dataplane)]
    public async Task Refuse_ADaemonThatIsNotSeen_Does(string daemon)
    {
        using var held = PidFile.Take(_paths.PidFile(daemon), daemon);
        await File.WriteAllTextAsync(_paths.PidFile(daemon), (ProcessIdentity.Current with { StartTime = 1 }).Serialize(), TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAsync<CliException>(RefuseAsync);
        Assert.Contains($"`meshover {daemon}` of this machine runs already, where this process does not see it ({_directory.FullName}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(refused.Message, Assert.Throws<CliException>(() => PidFile.Take(_paths.PidFile(daemon), daemon)).Message);
    }

    [Fact]
    public void Rights_ThatAreMissing_AreNamed()
    {
        var config = AgentConfigBuilder.Build([]);
        Assert.Null(Preflight.WhyNotAllowed(config, ulong.MaxValue));
        Assert.StartsWith("This process lacks CAP_NET_ADMIN, CAP_SYS_ADMIN, which", Preflight.WhyNotAllowed(config, ulong.MaxValue & ~(1UL << 12 | 1UL << 21)), StringComparison.Ordinal);
        Assert.Null(Preflight.WhyNotAllowed(config with { Routing = RoutingChoice.Off }, ulong.MaxValue & ~(1UL << 21)));
    }

    private Task RefuseAsync() => NodeElsewhere.RefuseAsync(_paths, TimeProvider.System, TestContext.Current.CancellationToken);
}
