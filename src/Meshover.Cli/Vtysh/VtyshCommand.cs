using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Meshover.Cli.CommandLine;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Vtysh;

/// <summary><c>meshover vtysh</c>: FRR's own shell on this node's own FRR.</summary>
internal static class VtyshCommand
{
    public static Command Create()
    {
        var commands = new Option<string[]>("-c") { Description = "An FRR command; may be repeated.", HelpName = "CMD" };
        var command = new ExampleCommand(
            "vtysh", "Opens the shell of this node's FRR, or runs commands in it.",
            "meshover vtysh", "meshover vtysh -c 'show bgp summary'", "meshover vtysh -c 'show bgp ipv6 unicast json' | jq .")
        {
            commands,
        };
        command.SetAction((parsed, _) => RunAsync(parsed.Paths().ToRoutingOptions(), parsed.GetValue(commands) ?? []));
        return command;
    }

    /// <summary>
    /// It inherits our terminal or pipes; its exit code is ours. Ctrl-C is for it, which gives up a line by that: if we ended, it would
    /// stay behind and read the terminal together with the shell.
    /// </summary>
    private static async Task<int> RunAsync(RoutingOptions options, string[] commands)
    {
        if (!Directory.Exists(options.FrrSockets))
            throw new CliException($"This node's FRR is not running ({options.FrrSockets} does not exist); `meshover up` starts it.");
        var (program, shell) = FrrShell.Find(options);
        string[] arguments = [.. shell, .. commands.SelectMany(c => new[] { "-c", c })];
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })
                ?? throw new CliException($"{program} could not be started.");
            using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => process.Kill());
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new CliException($"{program} cannot be started ({e.Message}): install FRR (Debian: `apt install frr frr-rpki-rtrlib`).", inner: e);
        }
    }
}
