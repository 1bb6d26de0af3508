using Meshover.Routing.Backends;
using Meshover.Routing.Supervision;

namespace Meshover.Routing.Vtysh;

/// <summary>FRR's shell, speaking to the node's own daemons and never to the system's.</summary>
public sealed class VtyshRunner(FrrInstallation installation, TimeProvider time)
{
    // FRR 10.7 says so, for no fault, where all that it was told stood there already.
    private const string ChangesNothing = "% Configuration applied with notes:";

    private readonly RoutingOptions _options = installation.Options;

    /// <summary>Whose shell it is.</summary>
    internal FrrInstallation Installation => installation;

    /// <summary>Arguments that make it speak to this node's daemons; commands, or none for a shell, come after them.</summary>
    internal static IReadOnlyList<string> BaseArguments(RoutingOptions options) => ["--vty_socket", options.FrrSockets, "--config_dir", options.FrrConfigurations];

    /// <summary>Runs commands and gives what FRR printed.</summary>
    /// <exception cref="RoutingException">FRR does not answer or refused one; its own words are in the message.</exception>
    public async Task<string> RunAsync(IEnumerable<string> commands, CancellationToken ct) =>
        Checked(await CallAsync(installation.Vtysh, commands.SelectMany(c => new[] { "-c", c }), Patience.For(""), ct), "FRR refused a command");

    /// <summary>Gives one daemon, or the one that takes them for it, lines of configuration; others do not see them.</summary>
    internal async Task ConfigureAsync(string daemon, string lines, CancellationToken ct)
    {
        if (lines.Length == 0) return;
        await WithFileAsync(lines, async file => Checked(await CallAsync(installation.Vtysh, ["-d", installation.TakerOf(daemon), "-f", file], Patience.For(lines), ct), $"{daemon} refused its configuration"));
    }

    /// <summary>Checks a configuration's words without touching a daemon.</summary>
    /// <param name="home">Whose words; null: of the FRR that runs.</param>
    internal async Task CheckAsync(string daemon, string configuration, IFrrHome? home, CancellationToken ct) =>
        await WithFileAsync(configuration, async file =>
            Checked(await CallAsync(home?.Vtysh ?? installation.Vtysh, ["-C", "-d", daemon, "-f", file], Patience.For(configuration), ct), $"the rendered {daemon}.conf has a line that FRR does not know"));

    private Task<ToolResult> CallAsync(ToolCommand vtysh, IEnumerable<string> arguments, TimeSpan patience, CancellationToken ct) =>
        ToolRunner.RunAsync(vtysh.Program, [.. vtysh.Arguments, .. BaseArguments(_options), .. arguments], patience, time, ct);

    private async Task WithFileAsync(string text, Func<string, Task> use)
    {
        var file = Path.Combine(_options.FrrConfigurations, $"vtysh.{Guid.NewGuid():n}.tmp");
        try
        {
            await File.WriteAllTextAsync(file, text);
            await use(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>vtysh may end with 0 although a daemon refused a whole transaction; FRR begins every complaint with <c>%</c>.</summary>
    private static string Checked(ToolResult result, string what) => result.ExitCode == 0 && !Lines(result).Any(l => l.StartsWith('%') && l != ChangesNothing)
        ? result.Output
        : throw new RoutingException($"{what}: {Secrets.Hide(string.Join("; ", Lines(result)))}");

    private static string[] Lines(ToolResult result) =>
        result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
