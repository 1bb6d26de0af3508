using Meshover.Routing.Config;
using Xunit;

namespace Meshover.UnitTests.Routing;

public sealed class FrrTemplateTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-templates-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_NoDirectory_UsesTheBuiltInTemplates()
    {
        var model = Models.Node(1, 3);
        var fromNowhere = FrrTemplateSet.Load(Path.Combine(_directory, "missing"));
        Assert.Equal(FrrRenderer.Render(model, FrrTemplateSet.Embedded), FrrRenderer.Render(model, fromNowhere));
    }

    [Fact]
    public void Render_UsersTemplate_ReplacesTheBuiltInOneOfThatDaemonOnly()
    {
        Write("bfdd.conf.liquid", "bfd\n profile MESH\n  transmit-interval {{ bfd.interval_ms | times: 2 }}\n exit\nexit\n");
        var config = FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Load(_directory));
        Assert.Contains("transmit-interval 600\n", config.Bfdd, StringComparison.Ordinal);
        Assert.Equal(FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Embedded).Bgpd, config.Bgpd);
    }

    [Fact]
    public void Render_ExtraTemplate_IsAppendedWithTheSameValues()
    {
        Write("bgpd.extra.conf.liquid", "router bgp {{ asn }}\n neighbor 192.0.2.1 remote-as 64512\nexit\n");
        var config = FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Load(_directory));
        Assert.EndsWith("exit\nrouter bgp 4200000001\n neighbor 192.0.2.1 remote-as 64512\nexit\n", config.Bgpd, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TemplateThatDoesNotParse_NamesFileLineAndColumn()
    {
        Write("zebra.conf.liquid", "hostname x\n{% for n in neighbors %}\n");
        var error = Assert.Throws<FrrTemplateException>(() => FrrTemplateSet.Load(_directory));
        Assert.Equal(Path.Combine(_directory, "zebra.conf.liquid"), error.File);
        Assert.InRange(error.Line, 2, 3);
    }

    [Fact]
    public void Render_NameThatDoesNotExist_IsAnErrorWithItsPlace()
    {
        Write("bgpd.extra.conf.liquid", "router bgp {{ asn }}\n neighbor {{ nieghbor }} shutdown\n");
        var error = Assert.Throws<FrrTemplateException>(() => FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Load(_directory)));
        Assert.Equal((2, 14), (error.Line, error.Column));
        Assert.Contains("nieghbor", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NameThatDoesNotExistBehindTagsThatTakeLinesAway_IsAnErrorWithItsPlace()
    {
        Write("bgpd.extra.conf.liquid", "a\n{%- for n in neighbors %}\nb\n{%- endfor %}\n{%- if is_transit %}{%- endif %}\n neighbor {{ nieghbor }}\n");
        var error = Assert.Throws<FrrTemplateException>(() => FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Load(_directory)));
        Assert.Equal((6, 14), (error.Line, error.Column));
    }

    [Fact]
    public void Render_MemberThatDoesNotExist_IsAnErrorWithItsPlace()
    {
        Write("bgpd.extra.conf.liquid", "{% for n in neighbors %}\n! {{ n.asm }}\n{% endfor %}");
        var error = Assert.Throws<FrrTemplateException>(() => FrrRenderer.Render(Models.Node(1, 3), FrrTemplateSet.Load(_directory)));
        Assert.Equal(2, error.Line);
    }

    [Fact]
    public void Render_ThousandsOfNeighbours_IsNotStoppedByATemplateLimit() =>
        Assert.Contains("mo-000009c4", FrrRenderer.Render(Models.Node(1, 2500), FrrTemplateSet.Embedded).Bgpd, StringComparison.Ordinal);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_directory, name), text);
}
