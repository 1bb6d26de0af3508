using System.Text;
using Meshover.Agent.Configuration;
using Xunit;

namespace Meshover.UnitTests.Cli;

public sealed class ConfigurationReferenceTests
{
    /// <summary>docs/configuration.md is written from the table that the program itself reads settings by.</summary>
    [Fact]
    public void Reference_IsWhatTheProgramKnows() => GoldenFile.Equal("../../../docs/configuration.md", Render());

    private static string Render()
    {
        var text = new StringBuilder("""
            # Settings of a node

            `/etc/meshover/agent.yaml` and the flags of `meshover up`, `run` and `agent` know the same settings by the same names: `site: tokyo` in
            the file is `--site tokyo` on the command line. Everything is checked as a whole, and every error is reported, before anything is changed.

            `meshover up` writes the flags that it is given into the file and keeps those of earlier times; an empty value (`--announce ''`)
            takes one back. A file that you wrote or changed yourself is yours: it is read and never written, `up` refuses flags that
            contradict it, and `down` leaves it where it is.

            | setting | value | effect |
            |---|---|---|

            """);
        foreach (var setting in AgentSettings.All)
        {
            var value = setting.ValueName.Replace("|", "\\|", StringComparison.Ordinal);
            text.Append($"| `{setting.Name}` | {value}{(setting.IsList ? ", or a list" : "")} | {setting.Help} |\n");
        }
        text.Append("""

            Exit codes of `meshover`: 0 all is well; 1 it failed, and one sentence says why; 2 the command line or the file cannot be used, and
            nothing was done; 3 the node runs, but something about it is not as it should be (`meshover status` says what).

            """);
        return text.ToString();
    }
}
