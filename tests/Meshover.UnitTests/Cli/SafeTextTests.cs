using Meshover.Cli.CommandLine;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class SafeTextTests
{
    [Theory]
    [InlineData("0.1.0", "0.1.0")]
    [InlineData("東京 🗼", "東京 🗼")]
    [InlineData("two\nlines", "two\nlines")]
    [InlineData("👩\u200d💻", "👩\u200d💻")]
    [InlineData("0.1.0\e]0;owned\a", "0.1.0?]0;owned?")]
    [InlineData("a\u202eb\u2028c\rd", "a?b?c?d")]
    public void Safe_LeavesTextAlone_AndNothingThatATerminalWouldObey(string said, string shown) => Assert.Equal(shown, Terminal.Safe(said));
}
