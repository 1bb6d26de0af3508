using System.CommandLine;
using System.Text.Json;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Spectre.Console;

namespace Meshover.Cli.Status;

/// <summary><c>meshover status</c></summary>
internal static class StatusCommand
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON (docs/status.schema.json); with --watch one document after another." };
        var watch = new Option<bool>("--watch") { Description = "Print it again each second, until interrupted." };
        var problems = new Option<bool>("--problems") { Description = "Only what is wrong: findings, and the peers that are not reached directly, or whose BGP or BFD session is down." };
        var peer = new Option<string>("--peer") { Description = "Only this peer, with all that is known of it.", HelpName = "NODE" };
        var page = new Option<int?>("--page") { Description = $"{StatusView.PageSize} peers at a time, the worst first: the page of this number.", HelpName = "NUMBER" };
        page.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
                result.AddError("--page takes a number from 1.");
        });
        var command = new ExampleCommand(
            "status", "Shows this node, its components and its peers, those with the worst state first. Exit code: 0 all is well, 3 something is not, 1 the node is down.",
            "meshover status", "meshover status --watch", "meshover status --problems", "meshover status --peer web-1", "meshover status --page 1", "meshover status --json | jq '.peers[] | {hostname, path, rttMs}'")
        {
            json, watch, problems, peer, page,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(peer) is not null && result.GetValue(page) is not null)
                result.AddError("--page is for several peers: leave it out with --peer.");
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.Paths(), new StatusView(parsed.GetValue(problems), parsed.GetValue(peer), parsed.GetValue(page)), parsed.GetValue(json), parsed.GetValue(watch), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, StatusView view, bool json, bool watch, CancellationToken interrupted)
    {
        DaemonHost.RequireRoot("status", "asks the node's daemons, which answer only root");
        var time = TimeProvider.System;
        var collector = new StatusCollector(paths, time);
        StatusDocument status;
        var hasShown = false;
        do
        {
            status = await collector.CollectAsync(CancellationToken.None);
            Print(view.Of(status, mayBeGone: hasShown), json, clear: watch, view);
            hasShown = true;
            if (view.Page is { } page && !json && !watch && view.PagesOf(status) is var pages && page < pages)
                await Console.Out.WriteLineAsync($"Page {page} of {pages}; `--page {page + 1}` has the next.");
        }
        while (watch && await PauseAsync(time, interrupted));
        return ToExitCode(status.State);
    }

    /// <returns>False where it was interrupted.</returns>
    private static async Task<bool> PauseAsync(TimeProvider time, CancellationToken interrupted)
    {
        await Task.Delay(WatchInterval, time, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !interrupted.IsCancellationRequested;
    }

    public static int ToExitCode(NodeState state) => state switch
    {
        NodeState.Up => ExitCode.Fine,
        NodeState.Degraded => ExitCode.Degraded,
        _ => ExitCode.Error,
    };

    public static void Print(StatusDocument status, bool json, bool clear, StatusView? view = null)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(status, StatusJson.Default.StatusDocument));
            return;
        }
        var console = AnsiConsole.Console;
        if (clear)
            Terminal.Clear(console);
        // A pipe has no width of its own: nothing is wrapped or cut there.
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = 400;
        StatusTable.Write(console, status, view);
        Terminal.LeaveKeypadMode(console);
    }
}
