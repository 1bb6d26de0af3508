using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Meshover.Cli.Hosting;

namespace Meshover.Cli.CommandLine;

/// <summary>Options of every command: where this node keeps its things, and how much is said of a failure.</summary>
internal static class GlobalOptions
{
    /// <summary>unix(7): sun_path has 108 bytes, with the zero at its end.</summary>
    private const int LongestSocketPath = 107;

    public static Option<string> StateDirectory { get; } =
        Directory("--state-dir", NodePaths.Default.StateDirectory, "Keeps the identity and the map.");

    public static Option<string> RuntimeDirectory { get; } =
        Directory("--run-dir", NodePaths.Default.RuntimeDirectory, "Holds sockets, pid files and logs.", longestSocket: "dataplane.sock");

    public static Option<string> ConfigFile { get; } =
        Directory("--config", NodePaths.Default.ConfigFile, "The settings of this node.", "FILE");

    public static Option<string> UapiDirectory { get; } =
        Directory("--uapi-dir", NodePaths.Default.UapiDirectory, "Where `wg` finds the data plane.", longestSocket: "meshover0.sock");

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

    private static Option<string> Directory(string name, string path, string description, string valueName = "DIRECTORY", string? longestSocket = null)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = valueName,
            DefaultValueFactory = _ => path,
            Recursive = true,
        };
        option.Validators.Add(result => Validate(result, longestSocket));
        return option;
    }

    private static void Validate(OptionResult result, string? socket)
    {
        if (result.GetValueOrDefault<string>() is "")
            result.AddError($"{result.Option.Name} takes a path.");
        else if (socket is not null && Encoding.UTF8.GetByteCount(Path.Combine(Path.GetFullPath(result.GetValueOrDefault<string>()), socket)) > LongestSocketPath)
            result.AddError($"{result.Option.Name} is too long: the path of a socket in it ({socket}) has at most {LongestSocketPath} bytes.");
    }
}
