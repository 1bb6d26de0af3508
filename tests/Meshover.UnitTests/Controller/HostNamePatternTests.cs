using Meshover.Controller.Membership;

namespace Meshover.UnitTests.Controller;

public sealed class HostNamePatternTests
{
    [Theory]
    [InlineData("web-*", "web-1", true)]
    [InlineData("web-*", "web-", true)]
    [InlineData("web-*", "aweb-1", false)]
    [InlineData("*.example.com", "a.b.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "a-c", false)]
    [InlineData("ab*ba", "aba", false)]
    [InlineData("Web-1", "web-1", true)]
    [InlineData("web-1", "web-10", false)]
    [InlineData("*", "anything", true)]
    public void Pattern_AdmitsTheWholeNameAlone(string pattern, string name, bool isAdmitted) => Assert.Equal(isAdmitted, HostNamePattern.Admits([pattern], name));

    [Fact]
    public void Token_ForAPattern_AdmitsNobodyElse_AndWithoutOneAnybody()
    {
        var mesh = new TestMesh();
        var token = TestMesh.Token(id: "web") with { HostNames = ["web-*", "db-1"] };
        Assert.Equal("web-3", mesh.Enrol("a", "web-3", token).HostName);
        Assert.Equal("db-1", mesh.Enrol("b", "db-1", token).HostName);
        Assert.Contains("admits no machine of the name \"mail\", but web-*, db-1", Assert.Throws<RefusalException>(() => mesh.Enrol("c", "mail", token)).Message, StringComparison.Ordinal);
        // A member that comes again is no newcomer, and its use was counted.
        Assert.Equal("web-3", mesh.Enrol("a", "web-3", token).HostName);
        Assert.Equal(2u, mesh.State.Token("web")!.Used);
        Assert.Equal("mail", mesh.Enrol("d", "mail").HostName);
    }

    [Theory]
    [InlineData("")]
    [InlineData("web 1")]
    [InlineData("web-?")]
    public void Text_ThatIsNoPattern_IsRefused(string text) => Assert.False(HostNamePattern.IsPattern(text));
}
