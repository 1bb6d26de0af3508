using System.Buffers.Text;
using System.Text;
using Meshover.Mesh.Trust;

namespace Meshover.UnitTests.Mesh;

public sealed class JoinStringTests
{
    private static readonly JoinString Sample = new()
    {
        Controllers = ["192.0.2.1:12913", "[2001:db8::1]:12913", "mesh.example.org:12913"],
        CaPins = [CaPin.Of("a public key"u8)],
        Token = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
    };

    [Fact]
    public void Parse_OfItsOwnText_GivesTheSame()
    {
        var parsed = JoinString.Parse($"  {Sample}\n");
        Assert.Equal(Sample.Controllers, parsed.Controllers);
        Assert.Equal(Sample.CaPins, parsed.CaPins);
        Assert.Equal(Sample.Token, parsed.Token);
    }

    [Fact]
    public void Parse_UnknownMembers_AreIgnored()
    {
        var pin = Sample.CaPins[0];
        Assert.Equal("t", JoinString.Parse(Encode($$"""{"c":["a:1"],"p":["{{pin}}"],"t":"t","x":[1]}""")).Token);
    }

    [Fact]
    public void TryParse_AnyCutOrChange_IsRefusedOrDiffers()
    {
        var text = Sample.ToString();
        for (var length = 0; length < text.Length; length++)
            Assert.False(JoinString.TryParse(text[..length], out _, out _));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("token", "not a join string")]
    [InlineData("mo9.abc", "Upgrade meshover")]
    [InlineData("mo1.%%%", "damaged")]
    [InlineData("mo1.e30", "damaged")]
    public void TryParse_BadText_SaysWhatToDo(string text, string advice)
    {
        Assert.False(JoinString.TryParse(text, out _, out var error));
        Assert.Contains(advice, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"c":[],"p":["PIN"],"t":"t"}""", "no controller")]
    [InlineData("""{"c":["nowhere"],"p":["PIN"],"t":"t"}""", "not a host:port")]
    [InlineData("""{"c":["a:1"],"p":["short"],"t":"t"}""", "certificate authority")]
    [InlineData("""{"c":["a:1"],"p":["PIN"],"t":""}""", "no token")]
    [InlineData("""{"c":[1],"p":["PIN"],"t":"t"}""", "damaged")]
    [InlineData("""[]""", "damaged")]
    public void TryParse_BadContent_NamesThePart(string json, string reason)
    {
        Assert.False(JoinString.TryParse(Encode(json.Replace("PIN", Sample.CaPins[0], StringComparison.Ordinal)), out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    private static string Encode(string json) => "mo1." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
