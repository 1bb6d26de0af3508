using Meshover.Console.UseCases;
using Xunit;

namespace Meshover.UnitTests.WebConsole;

/// <summary>Whoever draws the mesh compares by reference what of it is another.</summary>
public sealed class MeshViewTests
{
    private static readonly Vertex One = new("1", "n1", "", "ok", Health.Fine, 1, IsTransit: false), Two = One with { Id = "2", Name = "n2" };

    [Fact]
    public void Sharing_EqualPointsAndLines_AreTheFormers()
    {
        var (former, now) = (View(rttMs: 1.5), View(rttMs: 1.5) with { Away = "asleep" });
        var shared = now.Sharing(former);

        Assert.True(shared.Vertices == former.Vertices && shared.Links == former.Links);
        Assert.Equal("asleep", shared.Away);
        Assert.False(now.Links == former.Links);
    }

    [Fact]
    public void Sharing_OneLineThatDiffers_ReplacesTheLinesAlone()
    {
        var (former, now) = (View(rttMs: 1.5), View(rttMs: 1.6));
        var shared = now.Sharing(former);

        Assert.True(shared.Vertices == former.Vertices);
        Assert.True(shared.Links == now.Links);
    }

    [Fact]
    public void Sharing_WithNothing_IsAsItWas()
    {
        var now = View(rttMs: 1.5);
        Assert.True(now.Sharing(MeshView.Nothing).Links == now.Links);
        Assert.Empty(MeshView.Nothing.Sharing(now).Links);
    }

    private static MeshView View(double rttMs) => new()
    {
        Vertices = [One, Two],
        Links = [new Link("1-2", One.Id, Two.Id, "up", Health.Fine, rttMs) { BytesPerSecond = 1000 }],
    };
}
