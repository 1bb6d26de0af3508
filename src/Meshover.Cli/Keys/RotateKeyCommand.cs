using System.CommandLine;
using System.Text.Json;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.Keys;

/// <summary><c>meshover rotate-key</c></summary>
internal static class RotateKeyCommand
{
    private const int DefaultTimeout = 60;

    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print the result as JSON." };
        var timeout = new Option<int>("--timeout")
        {
            Description = "Seconds to wait for the other nodes. The change goes on without this command.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => DefaultTimeout,
        };
        timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--timeout takes 1 second or more.");
        });
        var command = new ExampleCommand(
            "rotate-key", "Gives this node another WireGuard key, and waits until every reachable node has a session under it. "
                + "Needs a controller. No packet is lost with the userspace data plane, at most a second's with the kernel's. "
                + "The setting rotate-key-after does the same by age.",
            "meshover rotate-key", "meshover rotate-key --timeout 300", "meshover rotate-key --json | jq .publicKey")
        {
            json, timeout,
        };
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(parsed.Paths(), parsed.GetValue(json), TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(NodePaths paths, bool json, TimeSpan timeout, CancellationToken cancellationToken)
    {
        DaemonHost.RequireRoot("rotate-key", "asks the agent, which answers only root");
        var rotation = new RotateKeySequence(paths, Console.Error.WriteLine, TimeProvider.System);
        var result = await rotation.RunAsync(timeout, cancellationToken);
        await Console.Out.WriteLineAsync(json ? JsonSerializer.Serialize(result, RotateKeyJson.Default.RotateKeyDocument) : result.Describe());
        return ExitCode.Fine;
    }
}
