using System.Text.Json;

namespace Meshover.Bench.Kernel;

/// <summary>Everything that <c>ip</c> and <c>ethtool</c> show of a device, and <c>wg</c> of a WireGuard device's own settings.</summary>
internal static class DeviceAttributes
{
    // By these the two are told apart, and not by what they are.
    private static readonly string[] Names = ["ifindex"];

    /// <summary>Compares the devices of two namespaces.</summary>
    /// <returns>How many attributes are equal.</returns>
    /// <exception cref="InvalidOperationException">Some are not: it names them.</exception>
    public static async Task<int> AssertEqualAsync(string device, string oneNamespace, string otherNamespace)
    {
        var one = await ReadAsync(device, oneNamespace);
        var other = await ReadAsync(device, otherNamespace);
        var different = one.Keys.Union(other.Keys, StringComparer.Ordinal)
            .Where(name => one.GetValueOrDefault(name) != other.GetValueOrDefault(name))
            .Select(name => $"{name} is {one.GetValueOrDefault(name, "not there")} and {other.GetValueOrDefault(name, "not there")}")
            .ToList();
        return different.Count == 0
            ? one.Count
            : throw new InvalidOperationException($"{device} of {oneNamespace} and of {otherNamespace} differ: {string.Join("; ", different)}");
    }

    private static async Task<Dictionary<string, string>> ReadAsync(string device, string namespaceName)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        using var link = JsonDocument.Parse(await Programs.RunInAsync(namespaceName, "ip", "-d", "-j", "link", "show", "dev", device));
        Flatten("", link.RootElement[0], attributes);
        foreach (var feature in (await Programs.RunInAsync(namespaceName, "ethtool", "-k", device)).Split('\n').Skip(1))
        {
            // "\ttx-checksum-ipv4: off [fixed]"
            var (name, value) = (feature.Split(':')[0].Trim(), feature.Split(':')[^1].Trim());
            attributes[$"feature {name}"] = value;
        }
        foreach (var name in Names)
            attributes.Remove(name);
        return attributes;
    }

    private static void Flatten(string path, JsonElement element, Dictionary<string, string> attributes)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            attributes[path] = element.GetRawText();
            return;
        }
        foreach (var property in element.EnumerateObject())
            Flatten(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value, attributes);
    }
}
