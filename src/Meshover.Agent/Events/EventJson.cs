using System.Text.Json.Serialization;
using Meshover.Mesh.Events;

namespace Meshover.Agent.Events;

/// <summary>An event as a line of JSON: of its file, and of <c>meshover events --json</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MeshEvent))]
internal sealed partial class EventJson : JsonSerializerContext;
