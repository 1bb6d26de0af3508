using System.CommandLine;
using System.Globalization;
using Meshover.Agent.Events;
using Meshover.Cli.Administration;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Mesh.Events;

namespace Meshover.Cli.Events;

/// <summary>
/// <c>meshover events</c>: of this node, from its file, so that a node that is cut off, or whose agent is dead, can be asked as well; of the mesh, from the controller.
/// </summary>
internal static class EventsCommand
{
    private const int DefaultLimit = 200;
    private static readonly TimeSpan LookAtFileEvery = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    /// <summary>What somebody does is told by the second: asked for again, lest a later one of the same second be missed.</summary>
    private static readonly TimeSpan AskedAgain = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens, until interrupted." };
        var since = new Option<string>("--since") { Description = "Only what happened since then: 10m, 2h, 1d, or a time such as 2026-01-31T12:00:00Z (UTC).", HelpName = "WHEN" };
        var limit = new Option<int>("--limit") { Description = "The newest so many.", HelpName = "NUMBER", DefaultValueFactory = _ => DefaultLimit };
        var mesh = new Option<bool>("--mesh") { Description = "Those of the whole mesh, on the controller's machine: what nodes report, and what was done by whom." };
        var node = new Option<string>("--node") { Description = "With --mesh: only what this node tells, or what is about it: hostname.", HelpName = "NODE" };
        var json = new Option<bool>("--json") { Description = "Print a JSON object a line (docs/events.md)." };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1))
                result.AddError($"--limit {result.Tokens[0].Value}: write a number from 1.");
        });
        var command = new ExampleCommand(
            "events", "Shows what changed at this node, the oldest first: sessions, paths, announcements, grants, and what was wrong and when. Works without the agent, too.",
            "meshover events --since 10m", "meshover events --follow", "meshover events --mesh --node web-1 --since 1d",
            "meshover events --json --since 1d | jq -r 'select(.kind == \"session.down\") | .time + \" \" + .subject + \" \" + .code'")
        {
            follow, since, limit, mesh, node, json, AdminOptions.Socket,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(node) is not null && !result.GetValue(mesh))
                result.AddError("--node is for --mesh: a node itself keeps its own events alone.");
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var from = EventTimes.Since(parsed.GetValue(since), TimeProvider.System.GetUtcNow());
            var wish = new Wish(from, parsed.GetValue(limit), parsed.GetValue(follow), parsed.GetValue(json));
            if (parsed.GetValue(mesh))
                return OfMeshAsync(parsed.GetRequiredValue(AdminOptions.Socket), parsed.GetValue(node) ?? "", wish, cancellationToken);
            DaemonHost.RequireRoot("events", "reads the node's files, which only root may");
            return OfNodeAsync(new EventFile(parsed.Paths().StateDirectory), wish, cancellationToken);
        });
        return command;
    }

    private static async Task<int> OfNodeAsync(EventFile file, Wish wish, CancellationToken cancellationToken)
    {
        var seen = file.Stamp;
        var last = Print(file.Read().Where(change => change.Time >= wish.Since).TakeLast(wish.Limit), after: 0, wish.Json);
        while (wish.Follow && await PauseAsync(LookAtFileEvery, cancellationToken))
        {
            if (file.Stamp is var stamp && stamp == seen)
                continue;
            seen = stamp;
            last = Print(file.Read().Where(change => change.Time >= wish.Since), last, wish.Json);
        }
        return ExitCode.Fine;
    }

    private static async Task<int> OfMeshAsync(string socket, string node, Wish wish, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var (since, limit) = (wish.Since, wish.Limit);
        do
        {
            var events = await MeshEventsReader.ReadAsync(socket, node, since, limit, cancellationToken);
            foreach (var (id, change) in events.Where(one => known.Add(one.Id)))
                Print(change, wish.Json);
            if (events.Count > 0)
                (since, limit) = (events[^1].Event.Time - AskedAgain, int.MaxValue);
        }
        while (wish.Follow && await PauseAsync(AskEvery, cancellationToken));
        return ExitCode.Fine;
    }

    /// <returns>False where it was interrupted.</returns>
    private static async Task<bool> PauseAsync(TimeSpan pause, CancellationToken interrupted)
    {
        await Task.Delay(pause, TimeProvider.System, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !interrupted.IsCancellationRequested;
    }

    /// <returns>The number of the last that was printed, ever.</returns>
    private static long Print(IEnumerable<MeshEvent> changes, long after, bool json)
    {
        foreach (var change in changes.Where(change => change.Number > after))
        {
            Print(change, json);
            after = change.Number;
        }
        return after;
    }

    private static void Print(MeshEvent change, bool json) => Console.Out.WriteLine(json ? EventFile.ToLine(change) : Terminal.Safe(change.ToString()));

    private sealed record Wish(DateTimeOffset Since, int Limit, bool Follow, bool Json);
}
