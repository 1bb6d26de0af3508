using System.Collections.Immutable;
using Meshover.Agent.Configuration;
using Meshover.Cli.CommandLine;

namespace Meshover.Cli.Up;

/// <summary>What `up` shall make of the configuration: flags over what the last `up` had, unless the file is the user's own.</summary>
internal sealed record DesiredSettings
{
    public required AgentConfig Config { get; init; }

    /// <summary>The text of agent.yaml to be written; null: the file is the user's own and stays.</summary>
    public required string? Yaml { get; init; }

    /// <summary>Whether the file that is there differs from it.</summary>
    public required bool IsChange { get; init; }

    /// <param name="path">Of agent.yaml.</param>
    /// <param name="file">Its text; null where there is none.</param>
    /// <param name="last">The text that the last `up` wrote, kept in the identity; null where there is none.</param>
    /// <param name="flags">A setting of one empty text takes back what an earlier `up` set.</param>
    /// <exception cref="ConfigurationException">Anything that cannot be used, all of it at once.</exception>
    /// <exception cref="CliException">Flags, and a file that is the user's own.</exception>
    public static DesiredSettings Of(string path, string? file, string? last, ImmutableArray<RawSetting> flags)
    {
        if (file is not null && !AgentYaml.IsOurs(file))
            return OfUsersFile(path, file, flags);
        var settings = AgentConfigFile.ParseSettings(file ?? last ?? "", path);
        foreach (var flag in flags)
            settings[flag.Name] = flag;
        var config = AgentConfigBuilder.Build(settings.Values);
        var yaml = AgentYaml.Render(settings.Values.Where(s => s.Values is not ([] or [""])));
        return new DesiredSettings { Config = config, Yaml = yaml, IsChange = yaml != file };
    }

    private static DesiredSettings OfUsersFile(string path, string file, ImmutableArray<RawSetting> flags)
    {
        var settings = AgentConfigFile.ParseSettings(file, path);
        var config = AgentConfigBuilder.Build(settings.Values.Concat(flags));
        var other = flags.FirstOrDefault(f => !settings.TryGetValue(f.Name, out var s) || !s.Values.SequenceEqual(f.Values));
        return other is null
            ? new DesiredSettings { Config = config, Yaml = null, IsChange = false }
            : throw new CliException($"{path} is your own, so --{other.Name} is not written into it: set \"{other.Name}\" there and run this again.", ExitCode.Usage);
    }
}
