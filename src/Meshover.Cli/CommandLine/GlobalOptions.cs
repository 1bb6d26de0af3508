using System.CommandLine;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.CommandLine;

/// <summary>Options of every command: where this node keeps its things, and how much is said of a failure.</summary>
internal static class GlobalOptions
{
    public static Option<string> StateDirectory { get; } =
        Directory("--state-dir", NodePaths.Default.StateDirectory, "Keeps the identity and the map.");

    public static Option<string> RuntimeDirectory { get; } =
        Directory("--run-dir", NodePaths.Default.RuntimeDirectory, "Holds sockets, pid files and logs.");

    public static Option<string> ConfigFile { get; } =
        Directory("--config", NodePaths.Default.ConfigFile, "The settings of this node.", "FILE");

    public static Option<string> UapiDirectory { get; } =
        Directory("--uapi-dir", NodePaths.Default.UapiDirectory, "Where `wg` finds the data plane.");

    public static Option<bool> Debug { get; } = new("--debug")
    {
        Description = "Log in detail, and show the stack trace of a failure.",
        Recursive = true,
    };

    public static void AddTo(Command root)
    {
        root.Add(StateDirectory);
        root.Add(RuntimeDirectory);
        root.Add(ConfigFile);
        root.Add(UapiDirectory);
        root.Add(Debug);
    }

    public static NodePaths Paths(this ParseResult parsed) => new()
    {
        StateDirectory = Path.GetFullPath(parsed.GetRequiredValue(StateDirectory)),
        RuntimeDirectory = Path.GetFullPath(parsed.GetRequiredValue(RuntimeDirectory)),
        ConfigFile = Path.GetFullPath(parsed.GetRequiredValue(ConfigFile)),
        UapiDirectory = Path.GetFullPath(parsed.GetRequiredValue(UapiDirectory)),
    };

    private static Option<string> Directory(string name, string path, string description, string valueName = "DIRECTORY") => new(name)
    {
        Description = description,
        HelpName = valueName,
        DefaultValueFactory = _ => path,
        Recursive = true,
    };
}
