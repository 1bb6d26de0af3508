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

    [Fact]
    public void Change_BehindALink_IsSeen()
    {
        var behind = Path.Combine(_directory, "behind.yaml");
        File.WriteAllText(behind, "site: a\n");
        File.CreateSymbolicLink(Settings, behind);
        var watch = Watch();
        File.WriteAllText(behind, "mtu: 9\n");
        Assert.Null(watch.Look());
        Assert.Contains("\"9\"", watch.Look(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("map:\n  maxAge: 99999999d\n")]
    [InlineData("rotate-key-after: 99999999d\n")]
    public void Change_ThatNobodyThoughtOf_EndsNobody(string text)
    {
        var watch = Watch();
        File.WriteAllText(Settings, text);
        Assert.Null(watch.Look());
        Assert.NotEqual("", watch.Look());
        var broken = new SettingsWatch(Settings, () => throw new InvalidOperationException("not thought of"));
        File.AppendAllText(Settings, "site: a\n");
        Assert.Null(broken.Look());
        Assert.Contains("not thought of", broken.Look(), StringComparison.Ordinal);
    }

    [Fact]
    public void Problem_OfAFileThatIsAnothers_HasAnEnd()
    {
        var watch = Watch();
        File.WriteAllText(Settings, string.Concat(Enumerable.Range(0, 300).Select(n => $"foreign-key-{n}: 1\n")));
        Assert.Null(watch.Look());
        Assert.InRange(watch.Look()!.Length, 1, 1_100);
    }

    private SettingsWatch Watch() => new(Settings, () =>
    {
        _reads++;
        return AgentConfigFile.Load(Settings);
    });
}
