using System.Text.Json.Serialization;
using Meshover.Lab.Commands;

namespace Meshover.Lab;

[JsonSourceGenerationOptions(WriteIndented = false)]
[JsonSerializable(typeof(LabOptions))]
[JsonSerializable(typeof(LabVerdict))]
internal sealed partial class LabJson : JsonSerializerContext;
