using System.CommandLine;
using System.Text;
using Meshover.Cli.CommandLine;
using Xunit;

namespace Meshover.UnitTests.Cli;

/// <summary>Each example of each command's `--help` is understood as it is printed. Those that change nothing are run in the lab.</summary>
public sealed class ExamplesTests
{
    public static TheoryData<string> Examples => [.. Of(FullRoot.Create()).Select(pair => pair.Example).Distinct()];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Example_IsUnderstood(string example)
    {
        if (!example.Contains("meshover ", StringComparison.Ordinal))
            return; // of another program, such as dig
        var words = Words(example[example.IndexOf("meshover ", StringComparison.Ordinal)..]);
        // A directory that is there.
        words = [.. words.Select(word => word == "./templates" ? AppContext.BaseDirectory : word)];
        var parsed = FullRoot.Create().Parse(words[1..], new ParserConfiguration { ResponseFileTokenReplacer = null });
        Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join(" ", parsed.Errors.Select(error => error.Message))}");
    }

    [Fact]
    public void Commands_HaveExamples() => Assert.Empty(
        Leaves(FullRoot.Create()).Where(command => command is not ExampleCommand { Examples.IsEmpty: false }).Select(command => command.Name));

    private static IEnumerable<(string Command, string Example)> Of(Command root) =>
        Leaves(root).OfType<ExampleCommand>().SelectMany(command => command.Examples.Select(example => (command.Name, example)));

    private static IEnumerable<Command> Leaves(Command command) => command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    /// <summary>As a shell takes them apart, up to where another program or file begins.</summary>
    private static string[] Words(string line)
    {
        var (words, word, quote, isWord) = (new List<string>(), new StringBuilder(), '\0', false);
        foreach (var c in line)
        {
            // What stands in parentheses behind an example is for people.
            if (quote == '\0' && (c is '|' or '>' or '<' or '&' or ')' or '('))
                break;
            if (c == quote)
                quote = '\0';
            else if (quote == '\0' && (c is '\'' or '"'))
                (quote, isWord) = (c, true);
            else if (quote == '\0' && c == ' ')
                End();
            else
                word.Append(c);
        }
        End();
        return [.. words];

        void End()
        {
            if (word.Length > 0 || isWord)
                words.Add(word.ToString());
            word.Clear();
            isWord = false;
        }
    }
}
