using System.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Controller.Commands;

/// <summary><c>console-session</c>: who is signed in to the console. Sessions are in the memory of the consoles, of which the controller that runs knows: so that one is asked.</summary>
internal static class ConsoleSessionCommand
{
    public static Command Create(Func<Func<Task>, Task<int>> run) =>
        new("console-session", "Who is signed in to the web console, and an end to it.") { List(run), End(run) };

    private static Command List(Func<Func<Task>, Task<int>> run)
    {
        var options = new CommonOptions();
        var command = new Command("list", "List the sessions of the console, the oldest first.");
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => run(() => ConsoleTokenCommand.AskAsync(options.PathsOf(parsed), async controller =>
        {
            var answer = await controller.ListConsoleSessionsAsync(new ListConsoleSessionsRequest(), deadline: null, cancellationToken: cancel);
            foreach (var session in answer.Sessions)
            {
                System.Console.WriteLine(
                    $"{session.SessionId}  {session.Role,-13}  {session.Name}  from {session.From}, since {DateTimeOffset.FromUnixTimeSeconds(session.BeganUnix):u}, until {DateTimeOffset.FromUnixTimeSeconds(session.EndsUnix):u}");
            }
        })));
        return command;
    }

    private static Command End(Func<Func<Task>, Task<int>> run)
    {
        var options = new CommonOptions();
        var who = new Argument<string>("NAME") { Description = "Whose: a name, with or without the provider's part behind it, or a session's id, as `console-session list` shows them." };
        var reason = new Option<string>("--reason") { Description = "Why, for the audit", HelpName = "TEXT" };
        var command = new Command("end", "End all of somebody's sessions. Pages that are open see it within seconds; revoke their token, or close their account at the provider, so that they do not sign in again.") { who, reason };
        options.AddPaths(command);
        command.SetAction((parsed, cancel) => run(() => ConsoleTokenCommand.AskAsync(options.PathsOf(parsed), async controller =>
        {
            var request = new EndConsoleSessionsRequest { Who = parsed.GetRequiredValue(who), Reason = parsed.GetValue(reason) ?? "" };
            var answer = await controller.EndConsoleSessionsAsync(request, cancellationToken: cancel);
            await System.Console.Error.WriteLineAsync($"{answer.Ended} session(s) of {request.Who} ended. Those at a console apart that cannot reach the controller now end when it can again."
                + (answer.Ended == 0 ? " Nobody is known to be signed in so: `meshover-controller console-session list` shows who is." : ""));
        })));
        return command;
    }
}
