using Meshover.Agent.Configuration;

namespace Meshover.UnitTests.Agent.Configuration;

public sealed class SettingsWatchTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-settings-").FullName;
    private int _reads;

    private string Settings => Path.Combine(_directory, "agent.yaml");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Change_ThatCannotBeUsed_IsToldOnce_AndThatItIsMended()
    {
        File.WriteAllText(Settings, "site: a\n");
        var watch = Watch();
        Assert.Null(watch.Look());
        Assert.Equal(0, _reads);
        File.WriteAllText(Settings, "site: a\nmtu: 9\nno-such: 1\n");
        Assert.Null(watch.Look()); // it may still be written
        var problem = watch.Look()!;
        Assert.Contains("\"9\"", problem, StringComparison.Ordinal);
        Assert.Contains("no-such", problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem);
        Assert.Null(watch.Look());
        File.WriteAllText(Settings, "site: abc\n");
        Assert.Null(watch.Look());
        Assert.Equal("", watch.Look());
        Assert.Equal(2, _reads);
    }

    [Fact]
    public void File_ThatComesAndGoes_IsRead_AndWithoutOneNothingIs()
    {
        var watch = Watch();
        Assert.Null(watch.Look());
        File.WriteAllText(Settings, "mtu: 9\n");
        Assert.Null(watch.Look());
        Assert.NotEqual("", watch.Look());
        File.Delete(Settings);
        Assert.Null(watch.Look());
        Assert.Equal("", watch.Look());
        Assert.Null(new SettingsWatch(null, () => throw new InvalidOperationException("nothing is to be read")).Look());
    }

    private SettingsWatch Watch() => new(Settings, () =>
    {
        _reads++;
        return AgentConfigFile.Load(Settings);
    });
}
