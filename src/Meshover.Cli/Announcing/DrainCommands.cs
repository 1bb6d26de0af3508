using System.CommandLine;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;

namespace Meshover.Cli.Announcing;

/// <summary><c>meshover drain</c> and <c>meshover undrain</c></summary>
internal static class DrainCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10), Longest = TimeSpan.FromSeconds(60);

    public static Command[] Create() => [Drain(), Undrain()];

    private static ExampleCommand Drain()
    {
        var wait = new Option<bool>("--wait") { Description = "Ends when the node may be stopped." };
        var command = new ExampleCommand(
            "drain", "Makes everybody go other ways than by this node, and leaves to others what they announce, too. The rest stays reachable. It stays so, over restarts, "
                + "until `meshover undrain`.", "meshover drain --wait", "meshover drain --wait && reboot")
        {
            wait,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonHost.RequireRoot("drain", "asks the agent, which answers only root");
            var isAwaited = parsed.GetValue(wait);
            await LocalCall.AskAsync(parsed.Paths(), isAwaited ? Longest : Patience, (agent, options) => agent.DrainAsync(new DrainRequest { Wait = isAwaited }, options), cancel);
            await Console.Out.WriteLineAsync(isAwaited ? "This node is drained: it may be stopped. `meshover undrain` brings it back." : "This node is draining; `meshover status` shows how far it is.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static ExampleCommand Undrain()
    {
        var command = new ExampleCommand("undrain", "Ends what `meshover drain` began.", "meshover undrain");
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonHost.RequireRoot("undrain", "asks the agent, which answers only root");
            await LocalCall.AskAsync(parsed.Paths(), Patience, (agent, options) => agent.UndrainAsync(new UndrainRequest(), options), cancel);
            await Console.Out.WriteLineAsync("This node takes part again.");
            return ExitCode.Fine;
        });
        return command;
    }
}
