using Meshover.Agent;
using Meshover.Agent.Diagnosing;
using Meshover.Mesh.Findings;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Agent.Diagnosing;

public sealed class NamesDaemonWatchTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-names-").FullName;
    private readonly FakeTimeProvider _time = new();
    private bool _isRunning = true;
    private int _beats;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Daemon_ThatGoesOn_IsNoFinding_AndWhatItSaysIs()
    {
        var watch = Watch();
        for (var second = 0; second < 30; second++)
            Assert.Null(After(watch, beats: true));
        File.WriteAllText(Path.Combine(_directory, AgentOptions.DnsProblem), "Port 53 is taken.");
        Assert.Equal((FindingKinds.NamesNotServed, "Port 53 is taken."), (After(watch, beats: true)!.Kind, After(watch, beats: true)!.Text));
    }

    [Fact]
    public void Daemon_ThatHangs_IsNamedAfterSomeSeconds_AndNoMoreWhenItGoesOn()
    {
        var watch = Watch();
        Assert.Null(After(watch, beats: true));
        var found = Enumerable.Range(0, 10).Select(_ => After(watch, beats: false)).ToList();
        Assert.All(found[..6], Assert.Null);
        Assert.Contains("hangs", found[^1]!.Text, StringComparison.Ordinal);
        Assert.Null(After(watch, beats: true));
    }

    [Fact]
    public void Daemon_ThatIsDead_IsNamed_AndARestartIsNot()
    {
        var watch = Watch();
        Assert.Null(After(watch, beats: true));
        _isRunning = false;
        Assert.Null(After(watch, beats: false));
        _isRunning = true;
        Assert.Null(After(watch, beats: true));
        _isRunning = false;
        var found = Enumerable.Range(0, 10).Select(_ => After(watch, beats: false)).ToList();
        Assert.Equal(FindingKinds.DnsSilent, found[^1]!.Kind);
        Assert.Contains("does not run", found[^1]!.Text, StringComparison.Ordinal);
    }

    /// <summary>It runs until the package's end of the upgrade, and cannot be seen to hang.</summary>
    [Fact]
    public void Daemon_OfAFormerRelease_IsNoFindingWhileItRuns()
    {
        var watch = Watch();
        for (var second = 0; second < 30; second++)
            Assert.Null(After(watch, beats: false));
    }

    private NamesDaemonWatch Watch() => new(_directory, () => _isRunning, _time);

    private Finding? After(NamesDaemonWatch watch, bool beats)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        var file = Path.Combine(_directory, AgentOptions.DnsBeat);
        if (beats)
        {
            File.WriteAllText(file, "\n");
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddSeconds(++_beats));
        }
        return watch.Look();
    }
}
