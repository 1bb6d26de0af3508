using System.Collections.Immutable;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using YamlDotNet.RepresentationModel;

namespace Meshover.Agent.Configuration;

/// <summary>Understands the setting <c>neighbors</c>; goes on past an error, so that all are told, each with its key's path.</summary>
internal static class NeighborReader
{
    /// <param name="texts">A mapping of YAML each.</param>
    /// <exception cref="FormatException">Anything that cannot be used.</exception>
    public static ImmutableArray<ExternalNeighbor> Read(ImmutableArray<string> texts)
    {
        var errors = new List<string>();
        ImmutableArray<ExternalNeighbor> neighbors = [.. texts.Select((text, i) => ReadOne(text, $"neighbors[{i}]", errors))];
        foreach (var twice in neighbors.Where(IsNamed).GroupBy(neighbor => neighbor.Name).Where(group => group.Count() > 1))
            errors.Add($"neighbors: {twice.Key} is there twice; leave one.");
        return errors.Count == 0 ? neighbors : throw new FormatException(string.Join(" ", errors));
    }

    private static ExternalNeighbor ReadOne(string text, string path, List<string> errors)
    {
        var before = errors.Count;
        var neighbor = new ExternalNeighbor { RemoteAs = default };
        if (AgentConfigFile.Mapping(text) is { } keys)
            neighbor = ReadKeys(keys, path, "", neighbor, errors);
        else
            errors.Add($"{path}: keys with values are expected here, like {{address: 192.0.2.1, remote-as: 64512}}.");
        if (errors.Count == before)
            errors.AddRange(Problems(neighbor).Select(problem => $"{path}{problem}"));
        return neighbor;
    }

    private static ExternalNeighbor ReadKeys(YamlMappingNode keys, string path, string under, ExternalNeighbor neighbor, List<string> errors)
    {
        foreach (var (key, value) in keys.Children)
        {
            var name = under + (key as YamlScalarNode)?.Value;
            if (name is "in" or "out" && value is YamlMappingNode filter)
                neighbor = ReadKeys(filter, path, $"{name}.", neighbor, errors);
            else
                neighbor = ReadKey(name, value, path, neighbor, errors);
        }
        return neighbor;
    }

    private static ExternalNeighbor ReadKey(string name, YamlNode value, string path, ExternalNeighbor neighbor, List<string> errors)
    {
        if (NeighborSettings.Find(name) is not { } setting)
            errors.Add($"{path}.{name}: {Unknown(name)}");
        else if (AgentConfigFile.Values(value) is not { } values || (!setting.IsList && values.Length > 1))
            errors.Add($"{path}.{name}: it takes {(setting.IsList ? "a value or a list of values" : "one value")}, nothing nested.");
        else if (!values.IsEmpty)
            return Apply(setting, values, path, neighbor, errors);
        return neighbor;
    }

    private static ExternalNeighbor Apply(NeighborSetting setting, ImmutableArray<string> values, string path, ExternalNeighbor neighbor, List<string> errors)
    {
        try
        {
            return setting.Apply(neighbor, values);
        }
        catch (FormatException e)
        {
            errors.Add($"{path}.{setting.Name}: {e.Message}");
            return neighbor;
        }
    }

    private static string Unknown(string name)
    {
        if (name is "in" or "out")
            return "keys are expected below it, like {prefixes: [10.0.0.0/8 le 24]}.";
        var names = NeighborSettings.All.Select(setting => setting.Name);
        return NearMiss.Find(name, names) is { } meant ? $"there is no such key; did you mean \"{meant}\"?" : $"there is no such key; the keys are {string.Join(", ", names)}.";
    }

    /// <summary>What is wrong with the whole, beginning with the key.</summary>
    private static IEnumerable<string> Problems(ExternalNeighbor neighbor)
    {
        if (neighbor.RemoteAs == default(Asn))
            yield return ".remote-as: it is missing; write the AS number of the router.";
        if (!IsNamed(neighbor))
            yield return ".address: it is missing; write the router's address, or interface for one that is found there (unnumbered).";
        if (neighbor.RemoteAs == neighbor.LocalAs)
            yield return ".local-as: it equals remote-as; routers outside are spoken to by eBGP alone.";
        if (neighbor is { TtlSecurityHops: not null, EbgpMultihop: not null })
            yield return ".ttl-security-hops: it does not go together with ebgp-multihop; leave one.";
        foreach (var problem in ReachProblems(neighbor))
            yield return problem;
    }

    private static IEnumerable<string> ReachProblems(ExternalNeighbor neighbor)
    {
        var isOnLink = neighbor.Address is not { IsIPv6LinkLocal: false };
        if (isOnLink && IsNamed(neighbor) && neighbor.Interface is null)
            yield return $".interface: it is missing; write the one on which {neighbor.Address} is.";
        if (!isOnLink && neighbor.Interface is not null)
            yield return ".interface: it is for unnumbered and link-local neighbours; leave it out (update-source says where to speak from).";
        if (isOnLink && neighbor.EbgpMultihop is not null)
            yield return ".ebgp-multihop: an unnumbered or link-local neighbour is on the link; leave it out.";
        if (neighbor is { Address: null, UpdateSource: not null })
            yield return ".update-source: an unnumbered neighbour is spoken to from the link-local address; leave it out.";
        if (neighbor.Address is { } address && System.Net.IPAddress.TryParse(neighbor.UpdateSource, out var source) && source.AddressFamily != address.AddressFamily)
            yield return $".update-source: {source} and {address} are of different families.";
    }

    private static bool IsNamed(ExternalNeighbor neighbor) => neighbor.Address is not null || neighbor.Interface is not null;
}
