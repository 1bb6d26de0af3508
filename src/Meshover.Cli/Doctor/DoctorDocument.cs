using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Meshover.Cli.Doctor;

/// <summary>What `meshover doctor --json` prints. Its schema is docs/doctor.schema.json; fields are only ever added.</summary>
[Description("What is in the mesh's way on one machine, as `meshover doctor --json` prints it. Fields are only ever added; readers ignore unknown ones.")]
internal sealed record DoctorDocument
{
    [Description("Version of this format; it changes only when the meaning of a field changes.")]
    public int Format { get; init; } = 1;

    [Description("Version of the program that printed it.")]
    public required string Version { get; init; }

    [Description("No finding is a fault.")]
    public required bool Healthy { get; init; }

    [Description("The checks that were made.")]
    public required ImmutableArray<string> Checks { get; init; }

    [Description("In the order of the checks. With --fix: what was found before.")]
    public required ImmutableArray<FindingSection> Findings { get; init; }
}

internal sealed record FindingSection
{
    [Description("The check that found it.")]
    public required string Check { get; init; }

    [Description("What it is, by the catalogue of docs/findings.md; stable.")]
    public required string Code { get; init; }

    [Description("fault: the mesh cannot work as it should. warning: it may not.")]
    public required Severity Severity { get; init; }

    [Description("What is wrong.")]
    public required string Problem { get; init; }

    [Description("What it breaks.")]
    public required string Breaks { get; init; }

    [Description("How to fix it by hand.")]
    public required string Mend { get; init; }

    [Description("`meshover doctor --fix` fixes it safely, and in a way that can be undone.")]
    public required bool Fixable { get; init; }

    [Description("It was fixed just now.")]
    public required bool Fixed { get; init; }

    [Description("Why it could not be fixed; null if that was not tried, or if it worked.")]
    public required string? FixError { get; init; }
}

/// <summary>How bad a finding is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
internal enum Severity
{
    /// <summary>Something that may bite, or bites only in part.</summary>
    [JsonStringEnumMemberName("warning")] Warning,

    /// <summary>The mesh cannot work as it should.</summary>
    [JsonStringEnumMemberName("fault")] Fault,
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DoctorDocument))]
internal sealed partial class DoctorJson : JsonSerializerContext;
