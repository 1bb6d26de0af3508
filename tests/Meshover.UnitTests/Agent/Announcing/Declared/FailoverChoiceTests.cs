using Meshover.Agent.Announcing.Declared;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;
using Xunit;

namespace Meshover.UnitTests.Agent.Announcing.Declared;

public sealed class FailoverChoiceTests
{
    private const uint Self = 20;
    private static readonly TimeSpan Long = FailoverChoice.Steady, Short = FailoverChoice.Steady - TimeSpan.FromSeconds(1);

    [Theory]
    // Alone, and beside one's own path.
    [InlineData("standby 100", "", true, "active")]
    [InlineData("standby 100", "20:standby:100", true, "active")]
    // An equal or a greater one has it.
    [InlineData("standby 100", "10:active:100", true, "standby")]
    [InlineData("standby 100", "10:active:200", true, "standby")]
    // A smaller one has it: taken, but not at once.
    [InlineData("standby 200", "10:active:100", false, "standby")]
    [InlineData("standby 200", "10:active:100", true, "active")]
    // Nobody has it: the greatest, of equals the older one.
    [InlineData("standby 100", "10:standby:100", true, "standby")]
    [InlineData("standby 100", "30:standby:100", false, "active")]
    [InlineData("standby 100", "10:standby:50", false, "active")]
    [InlineData("standby 100", "30:standby:200", false, "standby")]
    // Whoever has it leaves.
    [InlineData("standby 100", "10:leaving:200", false, "active")]
    [InlineData("standby 100", "10:active:200:going", false, "active")]
    // Two have it.
    [InlineData("active 100", "10:active:100", true, "standby")]
    [InlineData("active 100", "30:active:100", true, "active")]
    [InlineData("active 100", "30:active:200", true, "standby")]
    [InlineData("active 100", "10:active:50", true, "active")]
    // One that announces it without a role is another matter.
    [InlineData("active 100", "10:none:0", true, "active")]
    public void Next_IsOneRuleForAll(string mine, string others, bool isSteady, string expected)
    {
        var words = mine.Split(' ');
        Assert.Equal(Role(expected), FailoverChoice.Next(new Failover(Role(words[0]), int.Parse(words[1])), Self, [.. others.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Path)], isSteady ? Long : Short));
    }

    [Theory]
    [InlineData("active 100", "", "leaving")]
    [InlineData("active 100", "10:standby:200", "leaving")]
    [InlineData("active 100", "30:active:50", "standby")]
    [InlineData("standby 100", "", "leaving")]
    [InlineData("standby 100", "30:standby:50", "standby")]
    [InlineData("standby 100", "30:active:50:going", "standby")] // it marks all that it hears itself
    public void Next_OfANodeThatIsLeft_GivesItToWhoeverIsThere_AndElseKeepsIt(string mine, string others, string expected)
    {
        var words = mine.Split(' ');
        Assert.Equal(Role(expected), FailoverChoice.Next(new Failover(Role(words[0]), int.Parse(words[1])), Self, [.. others.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Path)], Long, isDraining: true));
    }

    [Fact]
    public void Next_TwoThatBothHaveIt_AgreeWhoeverLooksFirst()
    {
        foreach (var (a, b) in from a in new[] { 50, 100, 200 } from b in new[] { 50, 100, 200 } select (a, b))
        {
            var first = FailoverChoice.Next(new Failover(FailoverRole.Active, a), 10, [new AnnouncedPath("", 20) { Failover = new(FailoverRole.Active, b) }], Long);
            var second = FailoverChoice.Next(new Failover(FailoverRole.Active, b), 20, [new AnnouncedPath("", 10) { Failover = new(FailoverRole.Active, a) }], Long);
            Assert.Equal([FailoverRole.Active, FailoverRole.Standby], new[] { first, second }.Order());
        }
    }

    private static AnnouncedPath Path(string text)
    {
        var parts = text.Split(':');
        return new AnnouncedPath("10.9.0.1/32", uint.Parse(parts[0])) { Failover = parts[1] == "none" ? null : new Failover(Role(parts[1]), int.Parse(parts[2])), IsGoing = parts.Length > 3 };
    }

    private static FailoverRole Role(string word) => Enum.Parse<FailoverRole>(word, ignoreCase: true);
}
