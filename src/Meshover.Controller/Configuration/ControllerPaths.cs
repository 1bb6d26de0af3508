namespace Meshover.Controller.Configuration;

/// <summary>Where the controller keeps its files; each has an option.</summary>
internal sealed record ControllerPaths
{
    public const string DefaultConfig = "/etc/meshover/controller.yaml";
    public const string DefaultState = "/var/lib/meshover-controller";
    public const string DefaultRun = "/run/meshover-controller";

    public string Config { get; init; } = DefaultConfig;
    public string State { get; init; } = DefaultState;
    public string Run { get; init; } = DefaultRun;

    /// <summary>The SQLite file: everything but the configuration, the keys included.</summary>
    public string Store => Path.Combine(State, "store.db");

    /// <summary>What was decided against somebody, beside the store: for the day on which that cannot be read.</summary>
    public string Journal => Path.Combine(State, "refused.log");

    /// <summary>The SQLite file of what the console shows of the past; nothing is lost with it but that.</summary>
    public string History => Path.Combine(State, "history.db");

    /// <summary>How nodes stood last, for a controller that starts anew; nothing is lost with it but that.</summary>
    public string LastKnown => Path.Combine(State, "last-known");

    /// <summary>Administration, for root.</summary>
    public string AdminSocket => Path.Combine(Run, "admin.sock");
}
