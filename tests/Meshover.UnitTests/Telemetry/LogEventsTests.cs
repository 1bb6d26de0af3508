using System.Reflection;
using Meshover.Telemetry.Logging;
using Meshover.UnitTests.Architecture;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Meshover.UnitTests.Telemetry;

/// <summary>docs/logs.md has each event of the programs' logs by its id, which is stable: who renames one changes that page, and the alerts of others.</summary>
public sealed class LogEventsTests
{
    private const string Page = "docs/logs.md";
    private const string Head = "| event | level | says |";

    private static readonly string[] Programs = ["meshover", "meshover-controller", "meshover-kube", "Meshover.Agent", "Meshover.Console", "Meshover.Names", "Meshover.Routing", "Meshover.WireGuard"];

    [Fact]
    public void Events_HaveARowEach()
    {
        var rows = string.Join('\n', Events().Select(one => $"| `{one.Id}` | {one.Level} | {one.Message.Replace("|", "\\|", StringComparison.Ordinal)} |").Order(StringComparer.Ordinal));
        var page = Repository.Read(Page);
        var at = page.IndexOf(Head, StringComparison.Ordinal);
        var expected = $"{page[..at]}{Head}\n|---|---|---|\n{rows}\n";
        if (Environment.GetEnvironmentVariable("MESHOVER_UPDATE_GOLDEN") == "1")
            File.WriteAllText(Path.Combine(Repository.Root, Page), expected);
        Assert.Equal(expected, Repository.Read(Page));
    }

    [Fact]
    public void Events_AreToldApartByTheirIds() => Assert.Empty(Events().GroupBy(one => one.Id).Where(group => group.Count() > 1).Select(group => group.Key));

    private static IEnumerable<(string Id, string Level, string Message)> Events() =>
        from program in Programs
        from type in Assembly.Load(program).GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
        where attribute is not null
        select (LineLoggerProvider.IdOf(type.Name.Split('`')[0], attribute.EventName ?? method.Name), Word(attribute.Level), attribute.Message);

    private static string Word(LogLevel level) => level == LogLevel.None ? "as it is" : level.ToString().ToLowerInvariant();
}
