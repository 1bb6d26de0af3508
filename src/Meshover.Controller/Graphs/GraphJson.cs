using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Meshover.Controller.Live;

namespace Meshover.Controller.Graphs;

/// <summary>
/// The graph as Grafana's data source "Node Graph API" wants it (https://github.com/hoptical/nodegraph-api-plugin): which fields there are, and the
/// rows. The fields' names are those of the panel's data API.
/// </summary>
internal static class GraphJson
{
    private static readonly (string Name, string Type, string? Color, string? Shown)[] NodeFields =
    [
        ("id", "string", null, null), ("title", "string", null, null), ("subTitle", "string", null, null), ("mainStat", "string", null, "State"),
        ("secondaryStat", "number", null, "Links up"),
        ("arc__up", "number", "green", "Links up"), ("arc__indirect", "number", "blue", "No direct path"), ("arc__not_up", "number", "red", "Links not up"),
        ("arc__unknown", "number", "gray", "Unknown"),
        ("detail__site", "string", null, "Site"), ("detail__version", "string", null, "Version"), ("detail__not_up", "number", null, "Links not up"),
        ("detail__heard", "string", null, "Last heard"),
    ];

    private static readonly (string Name, string Type, string? Color, string? Shown)[] EdgeFields =
    [
        ("id", "string", null, null), ("source", "string", null, null), ("target", "string", null, null), ("mainStat", "string", null, "State"),
        ("secondaryStat", "string", null, "Round trip"), ("color", "string", null, null), ("thickness", "number", null, null),
    ];

    /// <summary><c>/api/graph/fields</c></summary>
    public static ReadOnlyMemory<byte> Fields() => Write(json =>
    {
        Fields(json, "nodes_fields", NodeFields);
        Fields(json, "edges_fields", EdgeFields);
    });

    /// <summary><c>/api/graph/data</c></summary>
    public static ReadOnlyMemory<byte> Data(MeshGraph graph, DateTimeOffset now) => Write(json =>
    {
        json.WriteStartArray("nodes");
        foreach (var node in graph.Nodes)
            Node(json, node, now);
        json.WriteEndArray();
        json.WriteStartArray("edges");
        foreach (var edge in graph.Edges)
            Edge(json, edge);
        json.WriteEndArray();
    });

    private static void Fields(Utf8JsonWriter json, string name, (string Name, string Type, string? Color, string? Shown)[] fields)
    {
        json.WriteStartArray(name);
        foreach (var field in fields)
        {
            json.WriteStartObject();
            json.WriteString("field_name", field.Name);
            json.WriteString("type", field.Type);
            if (field.Color is not null)
                json.WriteString("color", field.Color);
            if (field.Shown is not null)
                json.WriteString("displayName", field.Shown);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Node(Utf8JsonWriter json, GraphNode node, DateTimeOffset now)
    {
        var (up, indirect, notUp, unknown) = node.Links.Arcs();
        json.WriteStartObject();
        json.WriteString("id", node.Id);
        json.WriteString("title", node.Title);
        json.WriteString("subTitle", node.Subtitle);
        json.WriteString("mainStat", node.State);
        json.WriteNumber("secondaryStat", node.Links.Up);
        json.WriteNumber("arc__up", up);
        json.WriteNumber("arc__indirect", indirect);
        json.WriteNumber("arc__not_up", notUp);
        json.WriteNumber("arc__unknown", unknown);
        json.WriteString("detail__site", node.Members.Length == 1 ? node.Members[0].Site : "");
        json.WriteString("detail__version", node.Members.Length == 1 ? node.Members[0].Live?.LastVersion ?? "" : "");
        json.WriteNumber("detail__not_up", node.Links.NotUp);
        json.WriteString("detail__heard", node.Members.Length == 1 ? Heard(node.Members[0].Live, now) : "");
        json.WriteEndObject();
    }

    private static void Edge(Utf8JsonWriter json, GraphEdge edge)
    {
        json.WriteStartObject();
        json.WriteString("id", edge.Id);
        json.WriteString("source", edge.Source);
        json.WriteString("target", edge.Target);
        json.WriteString("mainStat", edge.State);
        json.WriteString("secondaryStat", edge.Rtt is { } rtt ? string.Create(CultureInfo.InvariantCulture, $"{rtt.TotalMilliseconds:0.##} ms") : "");
        json.WriteString("color", edge.Links.NotUp > 0 ? "red" : edge.Links.Up > 0 ? "green" : edge.Links.Indirect > 0 ? "blue" : "gray");
        json.WriteNumber("thickness", edge.Links.NotUp > 0 ? 3 : 1);
        json.WriteEndObject();
    }

    private static string Heard(LiveNode? live, DateTimeOffset now) => live is null
        ? "not since the controller's start"
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (now - live.LastSeen).TotalSeconds):0} s ago");

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        content(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
