using Meshover.Agent.Configuration;

namespace Meshover.Agent;

/// <summary>One agent process: the operator's settings and where its files are.</summary>
public sealed record AgentOptions
{
    /// <summary>In the directory of the runtime: what `meshover dns` leaves, a sentence, where it cannot answer for names.</summary>
    public const string DnsProblem = "dns.problem";

    /// <summary>In the same place: what `meshover dns` touches each second.</summary>
    public const string DnsBeat = "dns.beat";

    /// <summary>In the same place: whose process it is.</summary>
    public const string DnsPid = "dns.pid";

    public AgentConfig Config { get; init; } = AgentConfig.Default;

    /// <summary>Reads <see cref="Config"/> again from where it came; throws <see cref="ConfigurationException"/>.</summary>
    public Func<AgentConfig> ReadConfig { get; init; } = () => AgentConfig.Default;

    /// <summary>The file of it, which may change while the agent runs; null: there is none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Keeps identity.json and map.pb.</summary>
    public string StateDirectory { get; init; } = "/var/lib/meshover";

    /// <summary>Holds the sockets, pid files and what else a reboot may take.</summary>
    public string RuntimeDirectory { get; init; } = "/run/meshover";
}
