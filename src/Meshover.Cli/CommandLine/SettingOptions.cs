using System.Collections.Immutable;
using System.CommandLine;
using Meshover.Agent.Configuration;

namespace Meshover.Cli.CommandLine;

/// <summary>A flag for every setting of <c>agent.yaml</c>, of the same name.</summary>
internal sealed class SettingOptions
{
    private readonly ImmutableArray<(AgentSetting Setting, Option<string[]> Option)> _options =
        [.. AgentSettings.All.Select(s => (s, Create(s)))];

    public void AddTo(Command command)
    {
        foreach (var (_, option) in _options)
            command.Add(option);
    }

    /// <summary>The settings that were given on the command line, as they were written.</summary>
    public ImmutableArray<RawSetting> Read(ParseResult parsed) =>
    [
        .. from pair in _options
           where parsed.GetResult(pair.Option) is not null
           select new RawSetting(pair.Setting.Name, [.. (parsed.GetValue(pair.Option) ?? []).SelectMany(value => Values(pair.Setting, value))], pair.Option.Name),
    ];

    private static string[] Values(AgentSetting setting, string written) => setting is { IsList: true, IsNested: false } ? written.Split(',', StringSplitOptions.TrimEntries) : [written];

    /// <summary>The same settings as arguments for another process.</summary>
    public static ImmutableArray<string> ToArguments(IEnumerable<RawSetting> settings) =>
        [.. settings.SelectMany(s => s.Values.SelectMany(v => new[] { $"--{s.Name}", v }))];

    private static Option<string[]> Create(AgentSetting setting) => new($"--{setting.Name}")
    {
        Description = setting switch
        {
            { IsNested: true } => $"{setting.Help} May be repeated; docs/configuration.md has the keys.",
            { IsList: true } => $"{setting.Help} May be repeated, or given several separated by commas.",
            _ => setting.Help,
        },
        HelpName = setting.ValueName,
        // How many there may be is checked with the values, so that all errors come together.
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = null,
    };
}
