using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Meshover.UnitTests.Architecture;
using YamlDotNet.RepresentationModel;

namespace Meshover.UnitTests.Kube.Manifests;

/// <summary>Objects of Kubernetes as they stand in a file, held against the types of its API: a field that the API does not have is refused.</summary>
internal static class Manifest
{
    private static readonly JsonSerializerOptions Strict = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private static readonly ImmutableDictionary<string, Type> Kinds = new Dictionary<string, Type>
    {
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Namespace"] = typeof(V1Namespace),
        ["v1/Service"] = typeof(V1Service),
        ["v1/ServiceAccount"] = typeof(V1ServiceAccount),
        ["apps/v1/DaemonSet"] = typeof(V1DaemonSet),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet),
        ["rbac.authorization.k8s.io/v1/ClusterRole"] = typeof(V1ClusterRole),
        ["rbac.authorization.k8s.io/v1/ClusterRoleBinding"] = typeof(V1ClusterRoleBinding),
    }.ToImmutableDictionary();

    /// <exception cref="JsonException">Something in it is not of the API.</exception>
    public static ImmutableArray<IKubernetesObject<V1ObjectMeta>> OfFile(string path) => Parse(Repository.Read(path));

    /// <exception cref="JsonException">Something in it is not of the API.</exception>
    public static ImmutableArray<IKubernetesObject<V1ObjectMeta>> Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. stream.Documents.Select(document => Typed(ToJson(document.RootNode)!.AsObject()))];
    }

    private static IKubernetesObject<V1ObjectMeta> Typed(JsonObject json)
    {
        var kind = $"{json["apiVersion"]}/{json["kind"]}";
        var type = Kinds.GetValueOrDefault(kind) ?? throw new JsonException($"there is no {kind} in these tests");
        return (IKubernetesObject<V1ObjectMeta>)json.Deserialize(type, Strict)!;
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } plain => OfPlain(plain.Value!),
        _ => ((YamlScalarNode)node).Value,
    };

    // YAML 1.2's core schema (10.3), as far as it is used.
    private static JsonNode? OfPlain(string text) => text switch
    {
        "" or "null" => null,
        "true" or "false" => text == "true",
        _ when long.TryParse(text, out var number) => number,
        _ => text,
    };
}
