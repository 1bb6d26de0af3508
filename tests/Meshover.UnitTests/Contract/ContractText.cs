using Google.Protobuf.Reflection;
using Meshover.Contract.V1;

namespace Meshover.UnitTests.Contract;

/// <summary>
/// The contract as lines, one for each thing that a peer of another release relies on: a field's number, type and repetition, an enum's
/// value, a method's messages. What an older release has must be in every newer one; additions are harmless.
/// </summary>
internal static class ContractText
{
    public static IReadOnlyList<string> Current { get; } =
        [.. new[]
            {
                AdminReflection.Descriptor, CommonReflection.Descriptor, LocalReflection.Descriptor, MeshReflection.Descriptor, QueryReflection.Descriptor,
                StatusReflection.Descriptor,
            }.SelectMany(Lines).Order(StringComparer.Ordinal)];

    /// <summary>What the older contract has and the newer one lacks.</summary>
    public static IEnumerable<string> Missing(IEnumerable<string> older, IEnumerable<string> newer) => older.Except(newer, StringComparer.Ordinal);

    public static IEnumerable<string> Lines(FileDescriptor file) =>
        file.MessageTypes.SelectMany(Lines)
            .Concat(file.EnumTypes.SelectMany(Lines))
            .Concat(file.Services.SelectMany(service => service.Methods, (_, method) => Line(method)));

    private static IEnumerable<string> Lines(MessageDescriptor message) =>
        message.Fields.InDeclarationOrder().Select(Line)
            .Concat(message.NestedTypes.SelectMany(Lines))
            .Concat(message.EnumTypes.SelectMany(Lines));

    private static IEnumerable<string> Lines(EnumDescriptor type) => type.Values.Select(value => $"value {value.FullName} = {value.Number}");

    private static string Line(FieldDescriptor field)
    {
        var type = field.FieldType switch
        {
            FieldType.Message => field.MessageType.FullName,
            FieldType.Enum => field.EnumType.FullName,
            var simple => simple.ToString().ToLowerInvariant(),
        };
        var kind = field.IsRepeated ? "repeated" : field.HasPresence ? "optional" : "singular";
        var oneof = field.RealContainingOneof is { } group ? $" in {group.Name}" : "";
        return $"field {field.FullName} = {field.FieldNumber} {kind} {type}{oneof}";
    }

    private static string Line(MethodDescriptor method) =>
        $"rpc {method.FullName}({(method.IsClientStreaming ? "stream " : "")}{method.InputType.FullName}) "
        + $"returns ({(method.IsServerStreaming ? "stream " : "")}{method.OutputType.FullName})";
}
