using System.Collections.Immutable;
using System.Net;
using Meshover.Agent;
using Meshover.Agent.Announcing.Kernel;
using Meshover.Agent.Announcing.Provided;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Announcing.Provided;

public sealed class ProviderTableTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-providers-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Tell_ReplacesWhatWasToldBefore_AndWordsAloneLeaveItAsItIs()
    {
        var table = Table();
        using var voice = table.Join("kubernetes");
        Assert.Equal("no prefix; its program has not told anything yet", Only(table).Status);
        voice.Tell(Prefixes("10.244.1.0/24", "10.244.2.0/24"), "node kube-1");
        voice.Tell(Prefixes("10.244.2.0/24"), "node kube-1");
        voice.Tell(prefixes: null, "the API server does not answer, and what was announced stays");
        Assert.Equal(("kubernetes", "1 prefix; the API server does not answer, and what was announced stays"), (Only(table).Source, Only(table).Status));
        Assert.Equal(["10.244.2.0/24"], Told(table));
    }

    [Fact]
    public void Program_ThatEnds_LeavesWhatItTold_AndIsNamedWithTheTime()
    {
        var table = Table();
        using (var voice = table.Join("kubernetes"))
            voice.Tell(Prefixes("10.244.1.0/24"), "node kube-1");
        Assert.Equal("1 prefix; its program is away since 2026-01-31 12:00:00 UTC, and what it told stays", Only(table).Status);
        Assert.Equal(["10.244.1.0/24"], Told(table));
        using var again = table.Join("kubernetes");
        Assert.Equal(["10.244.1.0/24"], Told(table));
    }

    [Fact]
    public void Program_ThatWantsNothing_LeavesNoLineBehind()
    {
        var table = Table();
        using (var voice = table.Join("kubernetes"))
        {
            voice.Tell(Prefixes("10.244.1.0/24"), "");
            voice.Tell([], "no such node");
            Assert.Equal("no prefix; no such node", Only(table).Status);
        }
        Assert.Empty(table.Current);
        var later = Table();
        later.Restore();
        Assert.Empty(later.Current);
    }

    [Fact]
    public void LaterAgent_AnnouncesWhatWasTold_UntilTheProgramTellsAnew()
    {
        using var voice = Table().Join("kubernetes");
        voice.Tell(Prefixes("10.244.1.0/24", "fd44::/64"), "node kube-1");

        var later = Table();
        later.Restore();
        Assert.Equal("2 prefixes; its program has not been heard since the agent's start, and what it told stays", Only(later).Status);
        using var again = later.Join("kubernetes");
        Assert.Equal(["10.244.1.0/24", "fd44::/64"], Told(later));
        again.Tell(Prefixes("10.244.7.0/24"), "node kube-1");
        Assert.Equal(["10.244.7.0/24"], Told(later));
    }

    [Fact]
    public void LaterAgent_WithAFileThatCannotBeRead_Starts()
    {
        var file = new ProviderFile(_directory).FilePath;
        foreach (var text in (string[])["", "{}", "[null]", """[{"name":"kubernetes","prefixes":["10.0.0.0/33"]}]""", """[{"name":"kubernetes","prefixes":["fd44::%5/64"]}]""", """[{"name":"../x","prefixes":[]}]""", """[{"name":"kubernetes"}]"""])
        {
            File.WriteAllText(file, text);
            File.Delete($"{file}.damaged");
            var table = Table();
            table.Restore();
            Assert.Empty(table.Current);
            Assert.Equal(text, File.ReadAllText($"{file}.damaged"));
        }
    }

    [Fact]
    public void LaterAgent_WithOneProviderThatCannotBeRead_HasTheOthers_AndSoHasTheNext()
    {
        var file = new ProviderFile(_directory);
        File.WriteAllText(file.FilePath, """[{"name":"kubernetes","prefixes":["10.244.1.0/24"]},7,{"name":"nomad","prefixes":["10.1.0.0/33"]},{"name":"kubernetes","prefixes":[]}]""");
        Assert.Equal("kubernetes", Assert.Single(file.Load(out var problem)).Name);
        Assert.EndsWith($"and is now {file.FilePath}.damaged", problem, StringComparison.Ordinal);
        var table = Table();
        table.Restore();
        Assert.Equal(["10.244.1.0/24"], Told(table));
        file.Load(out problem);
        Assert.Null(problem);
    }

    [Fact]
    public async Task File_ThatCouldNotBeWritten_IsWrittenLater_WhetherOrNotSomethingIsTold()
    {
        var file = new ProviderFile(_directory);
        Directory.CreateDirectory(file.FilePath);
        var table = Table();
        using var voice = table.Join("kubernetes");
        voice.Tell(Prefixes("10.244.1.0/24"), "node kube-1");
        Directory.Delete(file.FilePath);
        voice.Tell(prefixes: null, "node kube-1");
        Assert.Equal("1 prefix; node kube-1", Only(table).Status);
        Assert.Single(file.Load(out _));

        File.Delete(file.FilePath);
        Directory.CreateDirectory(file.FilePath);
        voice.Tell(Prefixes("10.244.2.0/24"), "node kube-1");
        Directory.Delete(file.FilePath);
        var changed = table.Changed;
        _time.Advance(ProviderTable.KeepAgainAfter);
        await changed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal("1 prefix; node kube-1", Only(table).Status);
        Assert.Equal("10.244.2.0/24", $"{Assert.Single(Assert.Single(file.Load(out _)).Prefixes)}");
    }

    [Fact]
    public void File_ThatCannotBeWritten_IsSaid_AndWhatIsToldIsAnnounced()
    {
        Directory.CreateDirectory(new ProviderFile(_directory).FilePath);
        var table = Table();
        using var voice = table.Join("kubernetes");
        voice.Tell(Prefixes("10.244.1.0/24"), "node kube-1");
        Assert.StartsWith("1 prefix; node kube-1; it cannot be kept for the next start of the agent (", Only(table).Status, StringComparison.Ordinal);
        Directory.Delete(new ProviderFile(_directory).FilePath);
        voice.Tell(Prefixes("10.244.2.0/24"), "node kube-1");
        Assert.Equal("1 prefix; node kube-1", Only(table).Status);
    }

    [Fact]
    public void Name_ThatIsSpokenBySomebody_IsRefusedToAnother_UntilThatOneIsGone()
    {
        var table = Table();
        var first = table.Join("kubernetes");
        first.Tell(Prefixes("10.244.1.0/24"), "");
        Assert.Contains("speaks as \"kubernetes\"", Assert.Throws<AgentException>(() => table.Join("kubernetes")).Message, StringComparison.Ordinal);
        using var other = table.Join("nomad");
        Assert.Equal(["kubernetes", "nomad"], table.Current.Select(source => source.Source));
        first.Dispose();
        table.Join("kubernetes").Dispose();
    }

    [Fact]
    public void Providers_AreAFew_AndTheirPrefixesAsManyAsASourceMayAnnounce()
    {
        var table = Table();
        foreach (var number in Enumerable.Range(0, ProviderTable.MostProviders))
            table.Join($"p{number}").Tell([.. Enumerable.Range(0, number == 0 ? FoundPrefixes.Most + 1 : 0).Select(host => IPNetwork.Parse($"10.1.{host / 256}.{host % 256}/32"))], "");
        Assert.Equal(FoundPrefixes.Most, table.Current[0].Announcements.Length);
        Assert.Contains("so these are not: 10.1.16.0/32", table.Current[0].Status, StringComparison.Ordinal);
        Assert.Throws<AgentException>(() => table.Join("one-more"));
    }

    [Fact]
    public void Prefix_ThatNobodyMayAnnounce_IsLeftOut()
    {
        var table = Table();
        using var voice = table.Join("kubernetes");
        voice.Tell(Prefixes("0.0.0.0/0", "127.0.0.0/8", "10.244.1.0/24"), "");
        Assert.Equal("1 prefix; left out: default route (1), loopback, link-local or multicast (1)", Only(table).Status);
    }

    private ProviderTable Table() => new(new ProviderFile(_directory), NullLogger.Instance, _time);

    private static ImmutableArray<IPNetwork> Prefixes(params string[] prefixes) => [.. prefixes.Select(IPNetwork.Parse)];

    private static Meshover.Agent.Announcing.SourceAnnouncements Only(ProviderTable table) => Assert.Single(table.Current);

    private static IEnumerable<string> Told(ProviderTable table) => Only(table).Announcements.Select(announcement => announcement.Prefix.ToString());
}
