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
            return OfNodeAsync(new EventFile(parsed.Paths().StateDirectory), wish, Console.Out, cancellationToken);
        });
        return command;
    }

    internal static async Task<int> OfNodeAsync(EventFile file, Wish wish, TextWriter output, CancellationToken cancellationToken)
    {
        var seen = file.Stamp;
        var events = Read(file);
        Print(events.Where(change => change.Time >= wish.Since).TakeLast(wish.Limit), wish.Json, output);
        var followed = new FollowedFile(events);
        await FollowAsync(wish.Follow, LookAtFileEvery, () =>
        {
            if (file.Stamp is var stamp && stamp != seen)
            {
                Print(followed.New(Read(file)), wish.Json, output);
                seen = stamp;
            }
            return Task.CompletedTask;
        }, cancellationToken);
        return ExitCode.Fine;
    }

    private static async Task<int> OfMeshAsync(string socket, string node, Wish wish, CancellationToken cancellationToken)
    {
        var (events, newest) = await MeshEventsReader.ReadAsync(socket, node, wish.Since, wish.Limit, cancellationToken);
        Print(events, wish.Json, Console.Out);
        await FollowAsync(wish.Follow, AskEvery, async () =>
        {
            (events, newest) = await MeshEventsReader.ReadAboveAsync(socket, node, newest, cancellationToken);
            Print(events, wish.Json, Console.Out);
        }, cancellationToken);
        return ExitCode.Fine;
    }

    /// <summary>Looks again and again until it is interrupted. What fails meanwhile, such as a controller that is being upgraded, is said once and tried again.</summary>
    private static async Task FollowAsync(bool isWished, TimeSpan each, Func<Task> look, CancellationToken interrupted)
    {
        var said = "";
        while (isWished && await PauseAsync(each, interrupted))
        {
            try
            {
                await look();
                said = "";
            }
            catch (CliException e)
            {
                if (e.Message != said && !interrupted.IsCancellationRequested)
                    await Console.Error.WriteLineAsync($"meshover: {e.Message} Trying again.");
                said = e.Message;
            }
        }
    }

    /// <returns>False where it was interrupted.</returns>
    private static async Task<bool> PauseAsync(TimeSpan pause, CancellationToken interrupted)
    {
        await Task.Delay(pause, TimeProvider.System, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !interrupted.IsCancellationRequested;
    }

    private static List<MeshEvent> Read(EventFile file)
    {
        try
        {
            return [.. file.Read()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"The node's events cannot be read: {e.Message}", ExitCode.Error, e);
        }
    }

    private static void Print(IEnumerable<MeshEvent> changes, bool json, TextWriter output)
    {
        foreach (var change in changes)
            output.WriteLine(json ? EventFile.ToLine(change) : Terminal.Safe(change.ToString()));
    }

    internal sealed record Wish(DateTimeOffset Since, int Limit, bool Follow, bool Json);
}
