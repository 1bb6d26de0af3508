using System.Collections.Immutable;
using Meshover.Agent;
using Meshover.Routing.Supervision;

namespace Meshover.Cli.Hosting;

/// <summary>Where a node keeps its things. Absolute paths.</summary>
internal sealed record NodePaths
{
    public static NodePaths Default { get; } = new();

    /// <summary>Survives a reboot: identity and map.</summary>
    public string StateDirectory { get; init; } = "/var/lib/meshover";

    /// <summary>Gone with a reboot: sockets, pid files, logs.</summary>
    public string RuntimeDirectory { get; init; } = "/run/meshover";
    public string ConfigFile { get; init; } = "/etc/meshover/agent.yaml";

    /// <summary>Where WireGuard's tools look for the sockets of userspace implementations.</summary>
    public string UapiDirectory { get; init; } = "/var/run/wireguard";

    /// <summary>A join string for the first boot (deploy/systemd/meshover-join.service).</summary>
    public string JoinFile => Path.Combine(Path.GetDirectoryName(ConfigFile)!, "join");

    public string IdentityFile => Path.Combine(StateDirectory, "identity.json");
    public string MapFile => Path.Combine(StateDirectory, "map.pb");
    public string SysctlFile => Path.Combine(StateDirectory, "sysctls.json");
    public string TimestampFile => Path.Combine(StateDirectory, "dataplane.tai64n");
    public string AgentSocket => Path.Combine(RuntimeDirectory, "agent.sock");
    public string DataplaneSocket => Path.Combine(RuntimeDirectory, "dataplane.sock");
    public string DataplaneState => Path.Combine(RuntimeDirectory, "dataplane.json");
    public string RoutingSocket => Path.Combine(RuntimeDirectory, "routing.sock");

    /// <summary>Which daemons the supervisor keeps (<see cref="Supervision.KeptDaemons"/>).</summary>
    public string KeptDaemonsFile => Path.Combine(RuntimeDirectory, "run.daemons");
    /// <summary>Why names are not answered, for the agent to show; not there while they are.</summary>
    public string DnsProblemFile => Path.Combine(RuntimeDirectory, AgentOptions.DnsProblem);

    /// <summary>Touched by it each second.</summary>
    public string DnsBeatFile => Path.Combine(RuntimeDirectory, AgentOptions.DnsBeat);
    public string FrrDirectory => Path.Combine(RuntimeDirectory, "frr");

    /// <summary>Named after the WireGuard device.</summary>
    public string UapiSocket => Path.Combine(UapiDirectory, "meshover0.sock");

    public bool AreDefault => this == Default;

    public string PidFile(string daemon) => Path.Combine(RuntimeDirectory, $"{daemon}.pid");

    public string LogFile(string daemon) => Path.Combine(RuntimeDirectory, $"{daemon}.log");

    public RoutingOptions ToRoutingOptions() => new() { SocketPath = RoutingSocket, FrrDirectory = FrrDirectory };

    /// <summary>The options that make another meshover process use these paths.</summary>
    public ImmutableArray<string> ToArguments() =>
    [
        .. Argument("--state-dir", StateDirectory, Default.StateDirectory),
        .. Argument("--run-dir", RuntimeDirectory, Default.RuntimeDirectory),
        .. Argument("--config", ConfigFile, Default.ConfigFile),
        .. Argument("--uapi-dir", UapiDirectory, Default.UapiDirectory),
    ];

    private static string[] Argument(string option, string value, string byDefault) => value == byDefault ? [] : [option, value];
}
