using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Spectre.Console;

namespace Meshover.Cli.Announcing;

/// <summary><c>meshover announcements</c></summary>
internal static class AnnouncementsCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print the list as JSON: the announcements of `meshover status --json`." };
        var command = new ExampleCommand(
            "announcements", "Lists what this node announces, or would: who asks for it, on what condition, and how it stands.",
            "meshover announcements", "meshover announcements --json | jq '.[] | select(.withdrawn)'")
        {
            json,
        };
        command.SetAction((parsed, cancel) => RunAsync(parsed.Paths(), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, bool json, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("announcements", "asks the agent, which answers only root");
        var status = await AgentApi.TryGetStatusAsync(paths.AgentSocket, TimeProvider.System, cancellationToken)
            ?? throw new CliException("The agent does not answer; `meshover status` says why.");
        AnnouncementSection[] all = [.. status.Announcements.Select(AgentStatusReader.Announcement)];
        if (json)
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(all, AnnouncementsJson.Default.AnnouncementSectionArray));
        else if (all.Length == 0)
            await Console.Out.WriteLineAsync("This node announces nothing but its own addresses.");
        else
            Write(all);
        return ExitCode.Fine;
    }

    private static void Write(AnnouncementSection[] all)
    {
        AnsiConsole.Write(TableOf(all));
        foreach (var one in all.Where(one => one.Reason is not null))
            Console.Out.WriteLine(Terminal.Safe($"  {one.Prefix}: {one.Reason}"));
    }

    private static Table TableOf(IEnumerable<AnnouncementSection> all)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("prefix", "by", "mode", "state", "check", "until");
        foreach (var one in all)
            table.AddRow(Cells(one).Select(cell => new Text(Terminal.Safe(cell))));
        return table;
    }

    private static ImmutableArray<string> Cells(AnnouncementSection one) =>
    [
        one.Prefix, one.DeclaredBy ?? string.Join(", ", one.Sources), one.Mode ?? "-", State(one), one.Check ?? "-",
        one.Expires?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "-",
    ];

    private static string State(AnnouncementSection one) => one switch
    {
        { Granted: false } => "not granted",
        { Withdrawn: true } => "withdrawn",
        { Role: { } role } => role,
        _ => "announced",
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(AnnouncementSection[]))]
internal sealed partial class AnnouncementsJson : JsonSerializerContext;
