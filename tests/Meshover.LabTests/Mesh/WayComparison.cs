using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.Linux.Capture;
using Meshover.Linux.Netlink;

namespace Meshover.LabTests.Mesh;

/// <summary>
/// Holds what `route explain` and `trace` say of a way against what traceroute (Debian's) says of it, and against the interface by which the packets are seen to leave.
/// </summary>
internal sealed class WayComparison : IDisposable
{
    // A way may move while it is asked for.
    private const int Tries = 3;
    private const string Silent = "*";
    private static readonly TimeSpan AtOnce = TimeSpan.Zero;

    private readonly LabMesh _mesh;
    private readonly CancellationToken _ct;
    private readonly Dictionary<int, PacketSocket> _captures = [];
    private readonly Dictionary<string, string> _names = [];
    private readonly Dictionary<int, IPAddress> _addresses = [];

    private WayComparison(LabMesh mesh, CancellationToken ct) => (_mesh, _ct) = (mesh, ct);

    public static async Task<WayComparison> OfAsync(LabMesh mesh, CancellationToken ct)
    {
        var here = new WayComparison(mesh, ct);
        foreach (var node in mesh.Nodes)
        {
            var numbers = (await node.StatusAsync(ct)).Numbers;
            (here._names[numbers.Address4], here._names[numbers.Address6]) = (node.Machine.Name, node.Machine.Name);
            here._addresses[node.Number] = IPAddress.Parse(numbers.Address6);
            here._captures[node.Number] = node.Machine.InNetwork(() => new PacketSocket(PacketFilter.OfTunnels(), 0));
        }
        return here;
    }

    /// <summary>IPv6, in the mesh.</summary>
    public IPAddress AddressOf(LabNode node) => _addresses[node.Number];

    /// <summary>Null: all agree. For several nodes at a time, for each of them one way at a time.</summary>
    public async Task<string?> CompareAsync(LabNode from, IPAddress to)
    {
        string? difference = null;
        for (var tries = 0; tries < Tries; tries++)
        {
            if ((difference = await LookAsync(from, to)) is null)
                return null;
        }
        return $"{from.Machine.Name} -> {to}: {difference}";
    }

    public void Dispose()
    {
        foreach (var capture in _captures.Values)
            capture.Dispose();
    }

    private async Task<string?> LookAsync(LabNode from, IPAddress to)
    {
        var explained = await from.MeshoverAsync(["route", "explain", "--json", $"{to}"], _ct);
        using var route = JsonDocument.Parse(explained.Output);
        var (kind, links) = (route.RootElement.GetProperty("kind").GetString(), LinksOf(route.RootElement));
        Drain(from, to);
        var traced = await from.MeshoverAsync(["trace", "--json", "-m", "6", $"{to}"], _ct);
        var left = Drain(from, to);
        var hops = await TracerouteAsync(from, to);
        var named = HopsOf(traced.Output);
        if (!AreAlike(named, hops.Addresses, links))
            return $"trace says {string.Join(' ', named)}, traceroute {string.Join(' ', hops.Addresses)}, explain {Text(links.Keys)}";
        if ((traced.ExitCode == 0) != hops.IsReached)
            return $"trace ends with {traced.ExitCode}, traceroute {(hops.IsReached ? "arrives" : "does not arrive")}";
        if (kind == "link" ? left.Count == 0 || !left.IsSubsetOf(links.Keys) : left.Count > 0)
            return $"explain says {kind} {Text(links.Keys)}, and packets leave by {Text(left)}";
        return null;

        static string Text(IReadOnlyCollection<string> some) => some.Count == 0 ? "no link" : string.Join(' ', some);
    }

    /// <summary>The links that explain names, each with the node at its other end: of equal ways, which the kernel takes by turns of flows, all.</summary>
    private static Dictionary<string, string> LinksOf(JsonElement route)
    {
        if (route.GetProperty("link").GetString() is not { } link)
            return [];
        var holds = route.GetProperty("kernel").EnumerateArray()
            .Where(one => one.GetProperty("match").GetString() is "exact" or "covers").Select(one => (Prefix: IPNetwork.Parse(one.GetProperty("prefix").GetString()!), By: ByOf(one)))
            .Where(one => one.By.ContainsKey(link)).OrderByDescending(one => one.Prefix.PrefixLength).Select(one => one.By).FirstOrDefault();
        return holds ?? new Dictionary<string, string> { [link] = route.GetProperty("next").GetString() ?? "" };
    }

    /// <summary>"mo-00000002 (n2)"</summary>
    private static Dictionary<string, string> ByOf(JsonElement route) =>
        route.GetProperty("by").EnumerateArray().Select(one => one.GetString()!.Split(' ')).DistinctBy(words => words[0]).ToDictionary(words => words[0], words => words.ElementAtOrDefault(1)?.Trim('(', ')') ?? "");

    /// <summary>The same hops; or, where there are several equal ways, as many, each beginning with one of them and all ending alike.</summary>
    private bool AreAlike(ImmutableArray<string> one, ImmutableArray<string> other, Dictionary<string, string> links)
    {
        if (one.Length != other.Length || !one.Skip(1).Zip(other.Skip(1)).All(pair => AreEqual(pair.First, pair.Second)))
            return false;
        return one.IsEmpty || links.Count == 0 || (IsOneOf(one[0]) && IsOneOf(other[0]) && (links.Count > 1 || AreEqual(one[0], other[0])));

        // A kernel answers only so often (icmp_ratelimit): who is silent now may answer the other.
        static bool AreEqual(string hop, string same) => hop == same || hop == Silent || same == Silent;

        bool IsOneOf(string hop) => hop == Silent || _names.GetValueOrDefault(hop) is not { } name || links.ContainsValue(name);
    }

    private static ImmutableArray<string> Trimmed(IEnumerable<string> hops)
    {
        var all = hops.ToList();
        return [.. all.Take(all.FindLastIndex(hop => hop != Silent) + 1)];
    }

    /// <summary>In their order, without the silent ones behind the last that answers.</summary>
    private static ImmutableArray<string> HopsOf(string trace)
    {
        using var document = JsonDocument.Parse(trace);
        return Trimmed(document.RootElement.GetProperty("hops").EnumerateArray().Select(hop => hop.GetProperty("address").GetString() ?? Silent));
    }

    private async Task<(ImmutableArray<string> Addresses, bool IsReached)> TracerouteAsync(LabNode from, IPAddress to)
    {
        var ran = await from.Machine.RunAsync("traceroute", ["-n", "-I", "-q", "2", "-w", "1", "-m", "6", $"{to}"], _ct);
        var hops = Trimmed(ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).FirstOrDefault(word => IPAddress.TryParse(word, out _))?.Split('%')[0] ?? Silent));
        // One that says "!H" tells of a way that ends.
        return (hops, hops is [.., var last] && last == $"{to}" && !ran.Output.Contains('!', StringComparison.Ordinal));
    }

    /// <summary>By which links packets to that address have left since this was asked last.</summary>
    private HashSet<string> Drain(LabNode from, IPAddress to)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var (wanted, buffer) = (to.GetAddressBytes(), new byte[256]);
        using var netlink = RouteNetlink.OpenIn(from.Machine.NetworkPath);
        var links = netlink.GetLinks().ToDictionary(link => link.Index, link => link.Name);
        while (_captures[from.Number].Receive(buffer, AtOnce) is { } packet)
        {
            var destination = buffer.AsSpan(PacketSocket.HeaderLength + (wanted.Length == 4 ? 16 : 24), wanted.Length);
            if (packet.IsOutgoing && links.GetValueOrDefault(packet.InterfaceIndex) is { } name && name.StartsWith("mo-", StringComparison.Ordinal) && destination.SequenceEqual(wanted))
                names.Add(name);
        }
        return names;
    }
}
