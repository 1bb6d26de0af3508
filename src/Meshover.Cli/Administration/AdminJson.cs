using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Meshover.Cli.Administration;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(CreatedTokenDocument))]
[JsonSerializable(typeof(TokenDocument[]))]
[JsonSerializable(typeof(NodeDocument))]
[JsonSerializable(typeof(NodeDocument[]))]
[JsonSerializable(typeof(GrantDocument[]))]
[JsonSerializable(typeof(NodeAddressDocument))]
[JsonSerializable(typeof(NodeAddressDocument[]))]
[JsonSerializable(typeof(AuditDocument[]))]
[JsonSerializable(typeof(WhyDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class AdminJson : JsonSerializerContext
{
    public static void Write<T>(T document, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(document, type));
}
