using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Meshover.Mesh.Identity;
using Meshover.Routing.Vtysh;

namespace Meshover.Routing.Supervision;

/// <summary>Why neighbours outside the mesh have no session, as far as FRR and the kernel know it.</summary>
internal static class NeighborErrors
{
    private const string Established = "Established";

    /// <summary>The kernel's counters of TCP beyond RFC 4022: a line of names, and one of values.</summary>
    private const string Counters = "/proc/thread-self/net/netstat";

    /// <summary>More are hardly declared, and each costs a question.</summary>
    private const int MostAsked = 32;

    /// <exception cref="RoutingException">FRR does not answer.</exception>
    /// <exception cref="JsonException">It said something else than it should.</exception>
    public static async Task<ImmutableArray<NeighborStatus>> AddAsync(ImmutableArray<NeighborStatus> neighbors, VtyshRunner vtysh, CancellationToken ct)
    {
        string[] asked = [.. neighbors.Where(n => n.BgpState != Established && !NodeId.IsLinkName(n.Interface)).Select(n => n.Interface).Take(MostAsked)];
        if (asked.Length == 0) return neighbors;
        var errors = Parse(await vtysh.RunAsync(asked.Select(name => $"show bgp neighbors {name} json"), ct));
        return [.. neighbors.Select(n => errors.TryGetValue(n.Interface, out var error) ? n with { LastError = error } : n)];
    }

    /// <param name="said">Answers to <c>show bgp neighbors NAME json</c>, one after the other. Of a neighbour that has just gone there is none.</param>
    /// <exception cref="JsonException">It is something else.</exception>
    internal static Dictionary<string, string> Parse(string said)
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(said), new JsonReaderOptions { AllowMultipleValues = true });
        while (reader.Read())
        {
            using var answer = JsonDocument.ParseValue(ref reader);
            foreach (var neighbor in answer.RootElement.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Object))
                errors[neighbor.Name] = Words(neighbor.Value.Deserialize(FrrJson.Default.BgpNeighbor)!);
        }
        return errors;
    }

    /// <summary>A wrong password is no error of BGP's: TCP drops such segments, counts them, and tells nobody.</summary>
    public static long WrongSignatures()
    {
        try
        {
            return WrongSignatures(File.ReadAllLines(Counters));
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Signatures that are wrong, missing, or not expected (TCPMD5Failure, TCPMD5NotFound, TCPMD5Unexpected).</summary>
    internal static long WrongSignatures(string[] lines)
    {
        var tcp = lines.Where(l => l.StartsWith("TcpExt:", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToArray();
        if (tcp is not [var names, var values] || names.Length != values.Length) return 0;
        return names.Zip(values).Where(pair => pair.First is "TCPMD5Failure" or "TCPMD5NotFound" or "TCPMD5Unexpected").Sum(pair => long.Parse(pair.Second, CultureInfo.InvariantCulture));
    }

    private static string Words(BgpNeighbor neighbor) =>
        neighbor.NotificationReason.Length == 0 ? neighbor.ResetDueTo : $"{neighbor.ResetDueTo}: {neighbor.NotificationReason}";
}
