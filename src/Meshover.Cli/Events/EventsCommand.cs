using System.CommandLine;
using Meshover.Agent.Events;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Mesh.Events;

namespace Meshover.Cli.Events;

/// <summary><c>meshover events</c>: of this node, from its file, so that a node that is cut off, or whose agent is dead, can be asked as well.</summary>
internal static class EventsCommand
{
    private const int DefaultLimit = 200;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(300);

    public static Command Create()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens, until interrupted." };
        var since = new Option<string>("--since") { Description = "Only what happened since then: 10m, 2h, 1d, or a time such as 2026-01-31T12:00:00Z (UTC).", HelpName = "WHEN" };
        var limit = new Option<int>("--limit") { Description = "The newest so many.", HelpName = "NUMBER", DefaultValueFactory = _ => DefaultLimit };
        var json = new Option<bool>("--json") { Description = "Print a JSON object a line (docs/events.md)." };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number < 1))
                result.AddError($"--limit {result.Tokens[0].Value}: write a number from 1.");
        });
        var command = new ExampleCommand(
            "events", "Shows what changed at this node, the oldest first: sessions, paths, announcements, grants, and what was wrong and when. Works without the agent, too.",
            "meshover events --since 10m", "meshover events --follow", "meshover events --json --since 1d | jq -r 'select(.kind == \"session.down\") | .time + \" \" + .subject + \" \" + .code'")
        {
            follow, since, limit, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            DaemonHost.RequireRoot("events", "reads the node's files, which only root may");
            var from = EventTimes.Since(parsed.GetValue(since), TimeProvider.System.GetUtcNow());
            var file = new EventFile(parsed.Paths().StateDirectory);
            return RunAsync(file, new Wish(from, parsed.GetValue(limit), parsed.GetValue(follow), parsed.GetValue(json)), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(EventFile file, Wish wish, CancellationToken cancellationToken)
    {
        var seen = file.Stamp;
        var last = Print(file.Read().Where(change => change.Time >= wish.Since).TakeLast(wish.Limit), after: 0, wish.Json);
        while (wish.Follow)
        {
            await Task.Delay(LookEvery, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
                break;
            if (file.Stamp is var stamp && stamp == seen)
                continue;
            seen = stamp;
            last = Print(file.Read().Where(change => change.Time >= wish.Since), last, wish.Json);
        }
        return ExitCode.Fine;
    }

    /// <returns>The number of the last that was printed, ever.</returns>
    private static long Print(IEnumerable<MeshEvent> changes, long after, bool json)
    {
        foreach (var change in changes.Where(change => change.Number > after))
        {
            Console.Out.WriteLine(json ? EventFile.ToLine(change) : Terminal.Safe(change.ToString()));
            after = change.Number;
        }
        return after;
    }

    private sealed record Wish(DateTimeOffset Since, int Limit, bool Follow, bool Json);
}
