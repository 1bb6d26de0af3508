using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Trust;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Mesh.Planning;
using Meshover.Names;

namespace Meshover.Cli.Daemons;

/// <summary><c>meshover dns</c></summary>
internal static class DnsCommand
{
    public static Command Create()
    {
        var settings = new SettingOptions();
        var command = new ExampleCommand(
            DaemonNames.Dns, "Answers for the names of the mesh from the map on disk, in the foreground (systemd and `run` start it).",
            "meshover dns", "dig @127.0.129.12 web-1.mesh AAAA");
        settings.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var (paths, flags) = (parsed.Paths(), settings.Read(parsed));
            AgentConfigFile.Load(paths.ConfigFile, flags); // what is wrong with it is said before anything is done
            return DaemonHost.RunAsync(DaemonNames.Dns, parsed, context => NamesDaemon.RunAsync(
                new NamesOptions
                {
                    MapFile = paths.MapFile,
                    ConfigFiles = [paths.ConfigFile, paths.IdentityFile],
                    ReadConfig = () => TryRead(paths, flags),
                    ProblemFile = paths.DnsProblemFile,
                    BeatFile = paths.DnsBeatFile,
                    Interface = NodeSettings.Default.LoopbackInterface,
                },
                context.Loggers, context.Time, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static NamesConfig? TryRead(NodePaths paths, ImmutableArray<RawSetting> flags)
    {
        try
        {
            return new IdentityStore(paths.StateDirectory).Load() is { Numbers: { } numbers } identity
                ? Of(AgentConfigFile.Load(paths.ConfigFile, flags), identity.HostName, numbers)
                : null;
        }
        catch (Exception e) when (e is ConfigurationException or AgentException)
        {
            return null; // the agent says so
        }
    }

    internal static NamesConfig Of(AgentConfig config, string hostName, NodeNumbers numbers) => new()
    {
        Zone = config.DnsZone,
        HostName = hostName,
        Listen = (config.Dns, config.DnsListen) switch
        {
            (false, _) => [],
            (_, { IsEmpty: false } chosen) => chosen,
            _ => [.. ((IPAddress[])[numbers.Address4, numbers.Address6, NamesConfig.Loopback]).Select(address => new IPEndPoint(address, NamesConfig.DefaultPort))],
        },
    };
}
