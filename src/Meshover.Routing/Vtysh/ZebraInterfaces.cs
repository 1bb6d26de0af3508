using System.Collections.Immutable;
using System.Net;
using System.Text.Json;

namespace Meshover.Routing.Vtysh;

/// <summary>What zebra says of the machine's interfaces.</summary>
internal static class ZebraInterfaces
{
    /// <summary>The addresses of each interface, as <c>ADDRESS/LENGTH</c> in .NET's spelling of addresses.</summary>
    /// <param name="said">The answer to <c>show interface json</c> (FRR 8.1 and later).</param>
    /// <exception cref="JsonException">FRR said something else than it should.</exception>
    public static IReadOnlyDictionary<string, ImmutableHashSet<string>> Parse(string said)
    {
        var interfaces = JsonSerializer.Deserialize(said, FrrJson.Default.DictionaryStringZebraInterface) ?? [];
        return interfaces.ToDictionary(i => i.Key, i => i.Value.Addresses.Select(a => Normalized(a.Address)).ToImmutableHashSet());
    }

    private static string Normalized(string prefix) =>
        prefix.Split('/') is [var address, var length] && IPAddress.TryParse(address, out var parsed)
            ? $"{parsed}/{length}"
            : throw new JsonException($"FRR gives '{prefix}' as an address of an interface");
}
