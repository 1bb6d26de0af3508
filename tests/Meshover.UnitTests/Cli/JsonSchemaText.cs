using System.ComponentModel;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Meshover.UnitTests.Cli;

/// <summary>The schema of a document, made from the types that are printed, with the descriptions that stand beside their fields.</summary>
internal static class JsonSchemaText
{
    public static string Of(JsonSerializerOptions json, Type document)
    {
        var schema = json.GetJsonSchemaAsNode(document, new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => WithDescription(node, context.PropertyInfo?.AttributeProvider ?? context.TypeInfo.Type),
        });
        schema.AsObject().Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return schema.ToJsonString(new JsonSerializerOptions(json) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    private static JsonNode WithDescription(JsonNode node, System.Reflection.ICustomAttributeProvider provider)
    {
        var description = provider.GetCustomAttributes(inherit: true).OfType<DescriptionAttribute>().FirstOrDefault()?.Description;
        if (description is not null && node is JsonObject schema)
            schema.Insert(0, "description", description);
        return node;
    }
}
