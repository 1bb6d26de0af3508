using Meshover.Mesh.Planning;
using Meshover.Routing.Config;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class SnippetTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-snippets-").FullName;

    public static TheoryData<string> Places => [.. SnippetPlace.All.Select(place => place.Name)];

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Render_ASnippetAtEachPlace_EqualsTheGoldenFiles()
    {
        WriteOneOfEach();
        var config = Render();
        GoldenText.Equal("snippets.zebra.conf", config.Zebra);
        GoldenText.Equal("snippets.bgpd.conf", config.Bgpd);
        GoldenText.Equal("snippets.bfdd.conf", config.Bfdd);
    }

    [Fact]
    public void Render_ASnippetAtEachPlace_ChangesNoOtherLine()
    {
        WriteOneOfEach();
        var (config, plain) = (Render(), FrrRenderer.Render(Models.Node(3, 3, 1), FrrTemplateSet.Embedded));
        foreach (var difference in FrrDifference.Between(plain, config)) Assert.Empty(difference.Removals + difference.Leftovers);
        Assert.Equal(["zebra", "bfdd", "bgpd"], FrrDifference.Between(plain, config).Select(difference => difference.Daemon));
    }

    [Fact]
    public void Render_SeveralAtOnePlace_StandInTheOrderOfTheirNames()
    {
        Write("20-b.bgp", "neighbor MESH description b");
        Write("10-z.bgp", "bgp cluster-id 10.0.0.1");
        Write("20-a.bgp", "bgp dampening");
        Assert.Contains(" bgp cluster-id 10.0.0.1\n bgp dampening\n neighbor MESH description b\n", Render().Bgpd, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n b\n")]
    [InlineData("  a\n   b\n")]
    [InlineData("\n! comment\n  a\r\n   b\n# comment\n")]
    public void Render_HoweverASnippetIsIndented_ItsLinesStandAtThePlace(string text)
    {
        Write("10-x.bgp", text);
        Assert.Contains("\n a\n  b\n", Render().Bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_SnippetThatAssigns_KeepsThatToItself()
    {
        Write("10-x.bgp", "{% assign asn = 1 %}bgp cluster-id 10.0.0.{{ asn }}");
        Assert.Contains("router bgp 4200000003\n", Render().Bgpd, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10-x.bgb.liquid")]
    [InlineData("x.bgp.liquid")]
    [InlineData("1-x.bgp.liquid")]
    [InlineData("10-X.bgp.liquid")]
    [InlineData("bgdp.conf.liquid")]
    public void Load_NameOfNoTemplate_IsRefusedWithWhatThereIs(string name)
    {
        File.WriteAllText(Path.Combine(_directory, name), "");
        var error = Assert.Throws<FrrTemplateException>(() => FrrTemplateSet.Load(_directory));
        Assert.Equal(Path.Combine(_directory, name), error.File);
        Assert.Contains("mesh-ipv4", error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".10-x.bgp.liquid")]
    [InlineData("10-x.bgp.liquid~")]
    [InlineData("README.md")]
    public void Load_OtherFiles_AreLeftAlone(string name)
    {
        File.WriteAllText(Path.Combine(_directory, name), "{% nonsense");
        Assert.Equal(FrrRenderer.Render(Models.Node(3, 3, 1), FrrTemplateSet.Embedded), Render());
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Render_UsersTemplateWithoutThePlace_IsRefusedAndNamesTheSnippet(string place)
    {
        foreach (var daemon in (string[])["zebra", "bgpd", "bfdd"]) File.WriteAllText(Path.Combine(_directory, $"{daemon}.conf.liquid"), "hostname mine\n");
        Render();
        Write($"10-x.{place}", "something");
        var error = Assert.Throws<FrrTemplateException>(Render);
        Assert.Equal(Path.Combine(_directory, $"10-x.{place}.liquid"), error.File);
        Assert.Contains("snippets.", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_UsersTemplateWithPlaces_HasTheSnippetsThere()
    {
        Write("10-x.bgp", "bgp dampening");
        Write("10-x.mesh-ipv6", "neighbor {{ neighbor.interface }} weight 7");
        File.WriteAllText(Path.Combine(_directory, "bgpd.conf.liquid"), "router bgp {{ asn }}{{ snippets.bgp }}\n address-family ipv6 unicast\n{%- for n in neighbors %}{{ n.snippets.ipv6 }}{% endfor %}\nexit\n");
        Assert.Equal(
            "router bgp 4200000003\n bgp dampening\n address-family ipv6 unicast\n  neighbor mo-00000001 weight 7\n  neighbor mo-00000002 weight 7\nexit\n", Render().Bgpd);
    }

    [Fact]
    public void Difference_SnippetThatSaysABuiltInLineAnew_TakesItsPlaceAndGivesItBack()
    {
        var plain = Render();
        Write("10-x.bgp", "neighbor MESH timers 1 3");
        var mine = Render();
        Assert.Equal("router bgp 4200000003\n neighbor MESH timers 1 3\nexit\n", Told(plain, mine));
        Assert.Equal("router bgp 4200000003\n neighbor MESH timers 3 9\nexit\n", Told(mine, plain));
    }

    [Fact]
    public void Difference_BuiltInLineThatChangesUnderASnippet_IsNotSaid()
    {
        Write("10-x.bgp", "neighbor MESH timers 1 3");
        var templates = FrrTemplateSet.Load(_directory);
        var (few, many) = (FrrRenderer.Render(Models.Node(1, 100), templates), FrrRenderer.Render(Models.Node(1, 101), templates));
        Assert.Contains("neighbor MESH timers 10 30", many.Bgpd, StringComparison.Ordinal);
        Assert.DoesNotContain(" neighbor MESH timers 10 30\n", Told(few, many), StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_LineOfASnippet_IsFoundByItsText()
    {
        Write("10-x.bgp", "{% comment %} two\nlines {% endcomment %}\nbgp dampening\n{%- for n in neighbors %}\nneighbor {{ n.interface }} description {{ n.host_name }}\n{%- endfor %}\n\nbgp no-such {{ asn }}\n");
        Assert.Equal(3, Find("the rendered bgpd.conf has a line that FRR does not know: line 50: % Unknown command[37]:  bgp dampening"));
        Assert.Equal(5, Find("x: line 9: % Command incomplete[37]:  neighbor mo-00000002 description n2; line 10: y"));
        Assert.Equal(8, Find("bgpd refused its configuration: % Malformed; line 2: Failure to communicate[13] to bgpd, line: bgp no-such 4200000003; FRR keeps its last configuration"));
        Assert.Null(TemplateLine.Find(Trace(), "line 50: % Unknown command[37]:  router bgp 4200000003"));
    }

    [Fact]
    public void Trace_LineOfEachFile_NamesTheFile()
    {
        WriteOneOfEach();
        File.WriteAllText(Path.Combine(_directory, "bgpd.extra.conf.liquid"), "! one\nip prefix-list X seq 5 permit 10.0.0.0/24 ge 8\n");
        File.WriteAllText(Path.Combine(_directory, "bfdd.conf.liquid"), "bfd{{ snippets.bfd }}\nexit\n");
        var extra = TemplateLine.Find(Trace(), "line 1: Failure to communicate[13] to bgpd, line: ip prefix-list X seq 5 permit 10.0.0.0/24 ge 8");
        Assert.Equal((Path.Combine(_directory, "bgpd.extra.conf.liquid"), 2), (extra?.File, extra?.Line));
        Assert.Superset(SnippetPlace.All.Select(place => Path.Combine(_directory, $"10-x.{place.Name}.liquid")).ToHashSet(), Trace().Select(line => line.File).ToHashSet());
    }

    private static string Told(FrrConfig from, FrrConfig to) => string.Concat(FrrDifference.Between(from, to).Select(difference => difference.Removals + difference.Additions + difference.Leftovers));

    private int? Find(string refusal) => TemplateLine.Find(Trace(), refusal)?.Line;

    private System.Collections.Immutable.ImmutableArray<TemplateLine> Trace() => FrrRenderer.Trace(Model, FrrTemplateSet.Load(_directory));

    private FrrConfig Render() => FrrRenderer.Render(Model, FrrTemplateSet.Load(_directory));

    private static RoutingModel Model => Models.Node(3, 3, 1);

    private void WriteOneOfEach()
    {
        OneOfEach.Write(_directory);
        Assert.Equal(SnippetPlace.All.Length, Directory.GetFiles(_directory).Length);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, $"{name}.liquid"), text);
}
