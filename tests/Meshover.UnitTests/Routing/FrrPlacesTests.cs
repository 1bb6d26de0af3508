using Meshover.Linux.Processes;
using Meshover.Mesh.Findings;
using Meshover.Routing.Backends;
using Meshover.Routing.Config;
using Meshover.Routing.Supervision;
using Meshover.Routing.Vtysh;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Routing;

/// <summary>What is made for FRR in engines, and who takes it away.</summary>
public sealed class FrrPlacesTests : IDisposable
{
    private static readonly FrrBackendConfig _docker = FrrBackendConfig.Of(FrrBackendKind.Docker, "frr:1", socket: null);
    private static readonly FrrBackendConfig _podman = FrrBackendConfig.Of(FrrBackendKind.Podman, "frr:1", socket: null);

    private readonly string _directory = Directory.CreateTempSubdirectory("t-places-").FullName;
    private readonly Dictionary<FrrBackendKind, Engine> _engines = new() { [FrrBackendKind.Docker] = new(), [FrrBackendKind.Podman] = new() };
    private readonly RoutingOptions _options;
    private readonly FrrFiles _files;

    public FrrPlacesTests()
    {
        _options = new RoutingOptions { FrrDirectory = $"{_directory}/frr" };
        _files = new FrrFiles(_options);
    }

    private FrrPlaces Places => new(place => _engines[place.Kind], _files);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Prepared_Dropped_TakesAwayItAloneAndNotWhatRunsInTheSameEngine()
    {
        var launcher = Launcher();
        var runs = (Home)await _engines[FrrBackendKind.Docker].PrepareAsync(default);
        var refused = (Home)await launcher.PrepareAsync(_docker with { Image = "frr:2" }, default);
        await launcher.DropPreparedAsync(default);
        Assert.True(refused.IsRemoved);
        Assert.False(runs.IsRemoved);
    }

    [Fact]
    public async Task Prepared_ForAnother_TakesAwayTheFormer()
    {
        var launcher = Launcher();
        var former = (Home)await launcher.PrepareAsync(_docker, default);
        await launcher.PrepareAsync(_podman, default);
        Assert.True(former.IsRemoved);
    }

    [Fact]
    public async Task Place_IsRememberedBeforeItIsPrepared_AsWhoPreparesMayBeKilled()
    {
        _engines[FrrBackendKind.Docker].Refuses = true;
        await Assert.ThrowsAsync<RoutingException>(() => Launcher().PrepareAsync(_docker, default));
        Assert.Equal(_docker with { Image = "" }, Assert.Single(_files.Places));
    }

    [Fact]
    public async Task Clear_OfAnEngineThatIsAway_IsRememberedWhenTheFilesAreGoneAndDoneLater()
    {
        Directory.CreateDirectory(_files.Directory);
        Places.Remember(_docker);
        Places.Remember(_podman);
        var (left, gone) = ((Home)await _engines[FrrBackendKind.Docker].PrepareAsync(default), (Home)await _engines[FrrBackendKind.Podman].PrepareAsync(default));
        _engines[FrrBackendKind.Docker].Refuses = true;
        await Assert.ThrowsAsync<RoutingException>(() => Places.ClearAsync(default));
        Directory.Delete(_files.Directory, recursive: true);
        Assert.Equal((false, true), (left.IsRemoved, gone.IsRemoved));
        _engines[FrrBackendKind.Docker].Refuses = false;
        await Places.ClearAsync(default);
        Assert.True(left.IsRemoved);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Fact]
    public async Task Clear_WithFrrElsewhere_KeepsItsHomeAndRemembersItsEngine()
    {
        foreach (var place in (FrrBackendConfig[])[_docker, _docker with { Image = "frr:2" }, _podman, FrrBackendConfig.Process]) Places.Remember(place);
        var (kept, former) = ((Home)await _engines[FrrBackendKind.Podman].PrepareAsync(default), (Home)await _engines[FrrBackendKind.Docker].PrepareAsync(default));
        await Places.ClearAsync(_podman, kept, default);
        Assert.Equal((false, true), (kept.IsRemoved, former.IsRemoved));
        Assert.Equal(_podman with { Image = "" }, Assert.Single(_files.Places));
    }

    private FrrLauncher Launcher()
    {
        var installation = new FrrInstallation(_options);
        return new FrrLauncher(installation, Places, _files, new VtyshRunner(installation, TimeProvider.System), TimeProvider.System, NullLogger.Instance);
    }

    private sealed class Engine : IFrrBackend
    {
        private readonly List<Home> _homes = [];

        public bool Refuses { get; set; }

        public Task<IReadOnlyList<Finding>> FindProblemsAsync(CancellationToken ct) => Task.FromResult<IReadOnlyList<Finding>>([]);

        public Task<IFrrHome> PrepareAsync(CancellationToken ct)
        {
            Answer();
            _homes.Add(new Home());
            return Task.FromResult<IFrrHome>(_homes[^1]);
        }

        public Task<IFrrHome?> FindAsync(IReadOnlyCollection<ProcessIdentity> daemons, CancellationToken ct) => Task.FromResult<IFrrHome?>(null);

        public async Task ClearAsync(IFrrHome? except, CancellationToken ct)
        {
            Answer();
            foreach (var home in _homes.Where(home => home != except)) await home.RemoveAsync(ct);
        }

        private void Answer()
        {
            if (Refuses) throw new RoutingException("it does not answer");
        }
    }

    private sealed class Home : IFrrHome
    {
        public bool IsRemoved { get; private set; }

        public FrrFeatures Features => FrrFeatures.Of(null);

        public FrrOwner Owner => FrrOwner.Machine;

        public ToolCommand Vtysh => new("vtysh");

        public Task<ProcessIdentity> StartAsync(FrrDaemon daemon, IReadOnlyList<string> arguments, CancellationToken ct) => throw new RoutingException("it starts nothing");

        public Task RemoveAsync(CancellationToken ct)
        {
            IsRemoved = true;
            return Task.CompletedTask;
        }
    }
}
