using Meshover.Cli.Hosting;
using Meshover.Cli.Services;
using Meshover.Cli.Supervision;
using Meshover.Linux.Processes;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Cli;

/// <summary>This very process is in the place of the supervisor.</summary>
public sealed class DetachedServicesTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("meshover-run-");
    private readonly NodePaths _paths;
    private readonly DetachedServices _services;

    public DetachedServicesTests()
    {
        _paths = new NodePaths { RuntimeDirectory = _directory.FullName };
        _services = new DetachedServices(_paths, new FakeTimeProvider());
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Keeps_ADaemonThatIsDeadNow_IsWhatItsSupervisorWroteDown()
    {
        Run(DaemonNames.Run);
        KeptDaemons.Write(_paths, [DaemonNames.Agent, DaemonNames.Routing]);

        Assert.Equal([DaemonNames.Agent, DaemonNames.Routing], DaemonNames.All.Where(_services.Keeps));
    }

    [Fact]
    public void Keeps_TheSupervisorIsDead_IsWhatRuns()
    {
        KeptDaemons.Write(_paths, DaemonNames.All);
        Run(DaemonNames.Dataplane);

        Assert.Equal([DaemonNames.Agent, DaemonNames.Dataplane], DaemonNames.All.Where(_services.Keeps));
    }

    private void Run(string daemon) => ProcessIdentity.Current.WriteTo(_paths.PidFile(daemon));
}
