using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Meshover.Cli.CommandLine;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Vtysh;

/// <summary><c>meshover vtysh</c>: FRR's own shell on this node's own FRR.</summary>
internal static class VtyshCommand
{
    public static Command Create()
    {
        var commands = new Option<string[]>("-c") { Description = "A command of FRR's; may be repeated.", HelpName = "CMD" };
        var command = new ExampleCommand(
            "vtysh", "Opens the shell of this node's FRR, or runs commands in it.",
            "meshover vtysh", "meshover vtysh -c 'show bgp summary'", "meshover vtysh -c 'show bgp ipv6 unicast json' | jq .")
        {
            commands,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.Paths().FrrDirectory, parsed.GetValue(commands) ?? [], cancellationToken));
        return command;
    }

    /// <summary>It inherits our terminal or pipes; its exit code is ours.</summary>
    private static async Task<int> RunAsync(string frrDirectory, string[] commands, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(frrDirectory))
            throw new CliException($"This node's FRR does not run ({frrDirectory} is not there); `meshover up` starts it.");
        var program = Path.Combine(new RoutingOptions().VtyshBinaries, "vtysh");
        string[] arguments = ["--vty_socket", frrDirectory, .. commands.SelectMany(c => new[] { "-c", c })];
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })
                ?? throw new CliException($"{program} could not be started.");
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new CliException($"{program} cannot be started ({e.Message}): install FRR (Debian: `apt install frr`).", inner: e);
        }
    }
}
