using Meshover.Mesh.Identity;

namespace Meshover.UnitTests.Mesh;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("Web-1", "web-1")]
    [InlineData("  db.Example.ORG.", "db.example.org")]
    [InlineData("1und1", "1und1")]
    [InlineData("a", "a")]
    public void TryNormalise_UsableName_GivesItsOneForm(string text, string expected)
    {
        Assert.True(HostName.TryNormalise(text, out var name, out _));
        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData("shop.mesh", "shop")]
    [InlineData("shop", "shop")]
    [InlineData("mesh", "mesh")]
    [InlineData("shopmesh", "shopmesh")]
    [InlineData("shop.mesh.tokyo", "shop.mesh.tokyo")]
    public void WithoutZone_IsWhatDnsPutsTheZoneBehind(string name, string bare) => Assert.Equal(bare, HostName.WithoutZone(name));

    [Theory]
    [InlineData(null, "empty")]
    [InlineData(" ", "empty")]
    [InlineData("localhost", "says nothing")]
    [InlineData("localhost.localdomain", "says nothing")]
    [InlineData("a..b", "empty label")]
    [InlineData("-a", "hyphen")]
    [InlineData("a-", "hyphen")]
    [InlineData("my_host", "characters")]
    [InlineData("größe", "characters")]
    [InlineData("10.0.0.1", "address")]
    [InlineData("12", "number")]
    public void TryNormalise_UnusableName_SaysWhyAndWhatToDo(string? text, string reason)
    {
        Assert.False(HostName.TryNormalise(text, out var name, out var error));
        Assert.Null(name);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains("--hostname", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryNormalise_LongestParts_AreTheProtocols()
    {
        Assert.True(HostName.TryNormalise(new string('a', 63), out _, out _));
        Assert.False(HostName.TryNormalise(new string('a', 64), out _, out _));
        var label = new string('a', 49);
        Assert.True(HostName.TryNormalise(string.Join('.', Enumerable.Repeat(label, 5)), out _, out _));
        Assert.False(HostName.TryNormalise(string.Join('.', Enumerable.Repeat(label, 6)), out _, out _));
    }
}
