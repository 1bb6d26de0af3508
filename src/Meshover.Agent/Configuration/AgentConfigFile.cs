using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Meshover.Agent.Configuration;

/// <summary>
/// <c>/etc/meshover/agent.yaml</c>: a mapping from setting to value or list of values. It is read as a tree of nodes and not
/// deserialised into a class, so that every error is found in one go, each with its line.
/// </summary>
public static class AgentConfigFile
{
    public const string DefaultPath = "/etc/meshover/agent.yaml";

    /// <summary>The configuration of the file with the given settings (flags) over it. A file that does not exist sets nothing.</summary>
    /// <exception cref="ConfigurationException">Anything that cannot be used, all of it at once.</exception>
    public static AgentConfig Load(string path, IEnumerable<RawSetting>? overrides = null)
    {
        var errors = ImmutableArray.CreateBuilder<string>();
        var settings = Read(path, errors);
        foreach (var setting in overrides ?? [])
            settings[setting.Name] = setting;
        var config = AgentConfigBuilder.Build(settings.Values, errors);
        return errors.Count == 0 ? config : throw new ConfigurationException(errors.ToImmutable());
    }

    /// <summary>The settings that this text has, by name, not yet understood.</summary>
    /// <exception cref="ConfigurationException">It is not YAML, or no mapping.</exception>
    public static IDictionary<string, RawSetting> ParseSettings(string yaml, string path)
    {
        var errors = ImmutableArray.CreateBuilder<string>();
        var settings = Parse(yaml, path, errors);
        return errors.Count == 0 ? settings : throw new ConfigurationException(errors.ToImmutable());
    }

    /// <summary>The settings of the file as written. Unknown names are left to <see cref="AgentConfigBuilder"/>.</summary>
    internal static Dictionary<string, RawSetting> Read(string path, ImmutableArray<string>.Builder errors)
    {
        try
        {
            return File.Exists(path) ? Parse(File.ReadAllText(path), path, errors) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: it cannot be read: {e.Message}");
            return [];
        }
    }

    internal static Dictionary<string, RawSetting> Parse(string yaml, string path, ImmutableArray<string>.Builder errors)
    {
        var settings = new Dictionary<string, RawSetting>();
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            ReadDocument(stream, path, settings, errors);
        }
        catch (YamlException e)
        {
            errors.Add($"{Where(path, e.Start)}: this is not YAML: {Reason(e)}");
        }
        return settings;
    }

    private static void ReadDocument(
        YamlStream stream, string path, Dictionary<string, RawSetting> settings, ImmutableArray<string>.Builder errors)
    {
        if (stream.Documents.Count == 0)
            return;
        if (stream.Documents.Count > 1)
            errors.Add($"{path}: there are {stream.Documents.Count} YAML documents; keep one.");
        if (stream.Documents[0].RootNode is YamlMappingNode root)
            ReadMapping(root, path, settings, errors);
        else
            errors.Add($"{Where(path, stream.Documents[0].RootNode.Start)}: settings are expected, one per line, like \"listen-port: 12912\".");
    }

    private static void ReadMapping(
        YamlMappingNode root, string path, Dictionary<string, RawSetting> settings, ImmutableArray<string>.Builder errors)
    {
        foreach (var (key, value) in root.Children)
        {
            var where = Where(path, key.Start);
            if (key is not YamlScalarNode { Value: { } name })
                errors.Add($"{where}: the name of a setting is expected here.");
            else if ((AgentSettings.Find(name) is { IsNested: true } ? NestedValues(value) : Values(value)) is not { } values)
                errors.Add($"{where}: \"{name}\" takes a value or a list of values, nothing nested.");
            else
                settings[name] = new RawSetting(name, values, where);
        }
    }

    /// <summary>Keys with their values; null where the text is anything else.</summary>
    internal static YamlMappingNode? Mapping(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode keys }] ? keys : null;
        }
        catch (YamlException)
        {
            return null;
        }
    }

    /// <summary>Each mapping as one text of YAML in flow style, as it may also be written in a flag.</summary>
    private static ImmutableArray<string>? NestedValues(YamlNode node) => node switch
    {
        YamlMappingNode mapping => [Flow(mapping)],
        YamlSequenceNode list => [.. list.Children.Select(child => child is YamlScalarNode { Value: { } text } ? text : Flow(child))],
        _ => Values(node),
    };

    private static string Flow(YamlNode node) => node switch
    {
        YamlMappingNode mapping => $"{{{string.Join(", ", mapping.Children.Select(pair => $"{Flow(pair.Key)}: {Flow(pair.Value)}"))}}}",
        YamlSequenceNode list => $"[{string.Join(", ", list.Children.Select(Flow))}]",
        YamlScalarNode scalar when Values(scalar) is { IsEmpty: true } => "~",
        YamlScalarNode scalar => $"'{scalar.Value?.Replace("'", "''", StringComparison.Ordinal)}'",
        _ => "~",
    };

    internal static ImmutableArray<string>? Values(YamlNode node) => node switch
    {
        YamlScalarNode { Value: null or "" or "~" or "null", Style: ScalarStyle.Plain } => [],
        YamlScalarNode scalar => [scalar.Value ?? ""],
        YamlSequenceNode list when list.Children.All(c => c is YamlScalarNode) => [.. list.Children.Select(c => ((YamlScalarNode)c).Value ?? "")],
        _ => null,
    };

    private static string Where(string path, Mark mark) => $"{path}:{mark.Line}:{mark.Column}";

    /// <summary>The parser's own words without the position that it puts before them.</summary>
    private static string Reason(YamlException e) => (e.InnerException?.Message ?? e.Message).TrimEnd('.') + '.';
}
