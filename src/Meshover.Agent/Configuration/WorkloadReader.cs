using System.Collections.Immutable;
using Meshover.Mesh.Planning;
using YamlDotNet.RepresentationModel;

namespace Meshover.Agent.Configuration;

/// <summary>Understands the setting <c>workloads</c>; goes on past an error, so that all are told, each with its key's path.</summary>
internal static class WorkloadReader
{
    private static readonly ImmutableArray<(string, bool)> BooleanNames = [("true", true), ("false", false)];

    /// <param name="texts">A mapping of YAML each.</param>
    /// <exception cref="FormatException">Anything that cannot be used.</exception>
    public static ImmutableArray<WorkloadNetwork> Read(ImmutableArray<string> texts)
    {
        var errors = new List<string>();
        ImmutableArray<WorkloadNetwork> networks = [.. texts.Select((text, i) => ReadOne(text, $"workloads[{i}]", errors))];
        foreach (var twice in networks.Where(network => network.Interface.Length > 0).GroupBy(network => network.Interface).Where(group => group.Count() > 1))
            errors.Add($"workloads: {twice.Key} is there twice; write all of its prefixes in one.");
        return errors.Count == 0 ? networks : throw new FormatException(string.Join(" ", errors));
    }

    private static WorkloadNetwork ReadOne(string text, string path, List<string> errors)
    {
        var network = new WorkloadNetwork("");
        if (AgentConfigFile.Mapping(text) is not { } keys)
        {
            errors.Add($"{path}: keys with values are expected here, like {{interface: vmbr0, prefixes: [10.70.0.0/16], hosts: true}}.");
            return network;
        }
        var before = errors.Count;
        foreach (var (key, value) in keys.Children)
            network = ReadKey((key as YamlScalarNode)?.Value ?? "", value, path, network, errors);
        if (errors.Count == before)
            errors.AddRange(Missing(network).Select(missing => $"{path}{missing}"));
        return network;
    }

    private static WorkloadNetwork ReadKey(string name, YamlNode value, string path, WorkloadNetwork network, List<string> errors)
    {
        try
        {
            return (name, AgentConfigFile.Values(value)) switch
            {
                ("interface", [var text]) => network with { Interface = SettingText.WorkloadInterface(text) },
                ("prefixes", { IsEmpty: false } texts) => network with { Prefixes = SettingText.Each(texts, Prefix) },
                ("hosts", [var text]) => network with { Hosts = SettingText.Choice(text, BooleanNames) },
                ("interface" or "hosts", _) => throw new FormatException("it takes one value."),
                ("prefixes", _) => throw new FormatException("it takes a prefix or a list of prefixes."),
                _ => throw new FormatException("there is no such key; the keys are interface, prefixes, hosts."),
            };
        }
        catch (FormatException e)
        {
            errors.Add($"{path}.{name}: {e.Message}");
            return network;
        }
    }

    private static System.Net.IPNetwork Prefix(string text) => SettingText.Prefix(text) is { PrefixLength: > 0 } prefix
        ? prefix
        : throw new FormatException($"\"{text}\" is everything; write the prefix that the workloads there have addresses of.");

    private static IEnumerable<string> Missing(WorkloadNetwork network)
    {
        if (network.Interface.Length == 0)
            yield return ".interface: it is missing; write the bridge that the workloads are on.";
        if (network.Prefixes.IsEmpty)
            yield return ".prefixes: it is missing; write what the workloads there have addresses of.";
    }
}
