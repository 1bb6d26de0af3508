using System.CommandLine;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.Daemons;

/// <summary><c>meshover agent</c></summary>
internal static class AgentCommand
{
    public static Command Create()
    {
        var settings = new SettingOptions();
        var command = new ExampleCommand(
            "agent", "Follows the controller and keeps this machine as the mesh wants it, in the foreground (systemd and `run` start it).",
            "meshover agent", "meshover agent --config /etc/meshover/agent.yaml --announce 10.64.1.0/24");
        settings.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            AgentConfig ReadConfig() => AgentConfigFile.Load(parsed.Paths().ConfigFile, settings.Read(parsed));
            var config = ReadConfig();
            return DaemonHost.RunAsync("agent", parsed, context => AgentDaemon.RunAsync(
                new AgentOptions
                {
                    Config = config,
                    ReadConfig = ReadConfig,
                    ConfigFile = context.Paths.ConfigFile,
                    StateDirectory = context.Paths.StateDirectory,
                    RuntimeDirectory = context.Paths.RuntimeDirectory,
                },
                context.Loggers, context.Time, cancellationToken), cancellationToken);
        });
        return command;
    }
}
