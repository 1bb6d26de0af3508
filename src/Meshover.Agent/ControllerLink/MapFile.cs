using Google.Protobuf;
using Google.Protobuf.Reflection;
using Meshover.Contract.V1;
using Meshover.Mesh.Map;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// The last map, in <c>map.pb</c>: what a node runs on while no controller answers. Its modification time says when a controller was
/// last heard.
/// </summary>
internal sealed class MapFile(string stateDirectory, string name = "map.pb")
{
    /// <summary>Of the messages that a map is made of: grows with each release that adds to them.</summary>
    private static readonly uint KnownFields = FieldsOf(MeshSnapshot.Descriptor, []);

    public string FilePath { get; } = Path.Combine(stateDirectory, name);

    /// <summary>What is retained of a former store's map; its modification time says since when.</summary>
    public static MapFile OfRetained(string stateDirectory) => new(stateDirectory, "map.retained.pb");

    /// <summary>Null where there is none, or none that can be used: the next snapshot replaces it.</summary>
    public MeshMap? Load(out string? problem)
    {
        problem = null;
        try
        {
            var snapshot = MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(FilePath));
            var map = WireFormat.ToMap(snapshot).WithoutProblems();
            // An older release left out what it did not know, and a delta would never tell it.
            return snapshot.KnownFields == KnownFields ? map : map with { Revision = 0 };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException or FormatException or OverflowException)
        {
            problem = $"The map on disk, {FilePath}, cannot be used ({e.Message}); a controller's next answer replaces it.";
            return null;
        }
    }

    /// <summary>One that lacks something is kept as of revision 0: then the controller tells all of it anew.</summary>
    public void Save(MeshMap map)
    {
        var snapshot = WireFormat.FromMap(IsWhole(map) ? map : map with { Revision = 0 });
        snapshot.KnownFields = KnownFields;
        AtomicFile.Write(FilePath, snapshot.ToByteArray());
    }

    /// <summary>Null where there is no map.</summary>
    public DateTimeOffset? LastHeard() =>
        File.Exists(FilePath) ? new DateTimeOffset(File.GetLastWriteTimeUtc(FilePath), TimeSpan.Zero) : null;

    public void Touch(DateTimeOffset heard)
    {
        if (File.Exists(FilePath))
            File.SetLastWriteTimeUtc(FilePath, heard.UtcDateTime);
    }

    private static bool IsWhole(MeshMap map) =>
        map is { LeftOut.IsEmpty: true, SettingsProblem: "" } && !map.Nodes.Values.Any(node => node.Gathers.IsPartial);

    private static uint FieldsOf(MessageDescriptor message, HashSet<string> counted) => !counted.Add(message.FullName) ? 0 : (uint)message.Fields.InDeclarationOrder().Sum(
        field => 1 + (field.FieldType == FieldType.Message ? FieldsOf(field.MessageType, counted) : 0));

    public void Delete()
    {
        if (File.Exists(FilePath))
            File.Delete(FilePath);
    }
}
