using System.Globalization;
using System.Text.Json;

namespace Meshover.Cli.Doctor.Firewall;

/// <summary>Whether something holds of a packet of which not all is known.</summary>
internal enum Answer
{
    No,
    Maybe,
    Yes,
}

/// <summary>One match of a rule against a sample. What it does not understand it answers with <see cref="Answer.Maybe"/>.</summary>
internal static class Match
{
    public static Answer Of(JsonElement match, PacketSample packet)
    {
        var answer = IsAny(match.GetProperty("left"), match.GetProperty("right"), packet);
        return match.GetProperty("op").GetString() switch
        {
            "==" or "in" => answer,
            "!=" => Not(answer),
            _ => Answer.Maybe,
        };
    }

    /// <summary>It asks for interfaces by name and means ours among them, not all but some others.</summary>
    public static bool NamesLink(JsonElement match) =>
        match.GetProperty("op").GetString() != "!=" && match.GetProperty("left") is { ValueKind: JsonValueKind.Object } left
        && left.TryGetProperty("meta", out var meta) && meta.GetProperty("key").GetString() is "iifname" or "oifname" or "iif" or "oif";

    /// <summary>Whether the packet's <paramref name="left"/> is <paramref name="right"/>: a value, a list or an anonymous set.</summary>
    public static Answer IsAny(JsonElement left, JsonElement right, PacketSample packet)
    {
        if (ForeignProtocol(left, packet))
            return Answer.No;
        if (ValueOf(left, packet) is not { } value)
            return Answer.Maybe;
        if (right.ValueKind == JsonValueKind.Object && right.TryGetProperty("set", out var set))
            return IsAny(left, set, packet);
        return right.ValueKind == JsonValueKind.Array
            ? right.EnumerateArray().Select(one => Is(value, one)).DefaultIfEmpty(Answer.No).Max()
            : Is(value, right);
    }

    private static Answer Not(Answer answer) => (Answer)(Answer.Yes - answer);

    // `udp dport` implies that it is UDP, `ip saddr` that it is IPv4.
    private static bool ForeignProtocol(JsonElement left, PacketSample packet) =>
        left.ValueKind == JsonValueKind.Object && left.TryGetProperty("payload", out var payload) && payload.TryGetProperty("protocol", out var protocol)
        && protocol.GetString() switch
        {
            "ip" => packet.Family != IpFamily.Ipv4,
            "ip6" => packet.Family != IpFamily.Ipv6,
            "tcp" or "udp" or "icmp" or "icmpv6" or "sctp" => packet.Protocol is { } own && protocol.GetString() != own,
            _ => false,
        };

    private static string? ValueOf(JsonElement left, PacketSample packet)
    {
        if (left.ValueKind != JsonValueKind.Object)
            return null;
        if (left.TryGetProperty("meta", out var meta))
            return OfMeta(meta.GetProperty("key").GetString(), packet);
        if (left.TryGetProperty("ct", out var ct))
            return OfConnection(ct.GetProperty("key").GetString(), packet);
        return left.TryGetProperty("payload", out var payload) && payload.TryGetProperty("field", out var field) && field.GetString() == "dport"
            ? packet.DestinationPort?.ToString(CultureInfo.InvariantCulture)
            : null;
    }

    private static string? OfMeta(string? key, PacketSample packet) => key switch
    {
        "iifname" or "iif" => packet.InputLink,
        "oifname" or "oif" => packet.OutputLink,
        "l4proto" => packet.Protocol,
        "nfproto" => packet.Family == IpFamily.Ipv4 ? "ipv4" : "ipv6",
        _ => null,
    };

    private static string? OfConnection(string? key, PacketSample packet) => key switch
    {
        "state" => packet.ConnectionState,
        "status" => "none", // neither answered nor translated
        _ => null,
    };

    private static Answer Is(string value, JsonElement right) => right.ValueKind switch
    {
        JsonValueKind.String when right.GetString()!.StartsWith('@') => Answer.Maybe,
        JsonValueKind.String => Like(value, right.GetString()!) ? Answer.Yes : Answer.No,
        JsonValueKind.Number => value == right.GetRawText() ? Answer.Yes : Answer.No,
        JsonValueKind.Object when right.TryGetProperty("range", out var range) => IsIn(value, range),
        JsonValueKind.Object when right.TryGetProperty("elem", out var element) && element.TryGetProperty("val", out var inner) => Is(value, inner),
        _ => Answer.Maybe,
    };

    private static bool Like(string value, string pattern) =>
        pattern.EndsWith('*') ? value.StartsWith(pattern[..^1], StringComparison.Ordinal) : value == pattern;

    private static Answer IsIn(string value, JsonElement range)
    {
        if (!int.TryParse(value, out var number) || !range[0].TryGetInt32(out var first) || !range[1].TryGetInt32(out var last))
            return Answer.Maybe;
        return number >= first && number <= last ? Answer.Yes : Answer.No;
    }
}
