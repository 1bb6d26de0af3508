using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Mesh.Map;

namespace Meshover.Agent.ControllerLink;

/// <summary>
/// The last map, in <c>map.pb</c>: what a node runs on while no controller answers. Its modification time says when a controller was
/// last heard.
/// </summary>
internal sealed class MapFile(string stateDirectory, string name = "map.pb")
{
    public string FilePath { get; } = Path.Combine(stateDirectory, name);

    /// <summary>What is retained of a former store's map; its modification time says since when.</summary>
    public static MapFile OfRetained(string stateDirectory) => new(stateDirectory, "map.retained.pb");

    /// <summary>Null where there is none, or none that can be used: the next snapshot replaces it.</summary>
    public MeshMap? Load(out string? problem)
    {
        problem = null;
        try
        {
            return WireFormat.ToMap(MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(FilePath))).WithoutProblems();
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
    public void Save(MeshMap map) => AtomicFile.Write(
        FilePath, WireFormat.FromMap(map is { LeftOut.IsEmpty: true, SettingsProblem: "" } ? map : map with { Revision = 0 }).ToByteArray());

    /// <summary>Null where there is no map.</summary>
    public DateTimeOffset? LastHeard() =>
        File.Exists(FilePath) ? new DateTimeOffset(File.GetLastWriteTimeUtc(FilePath), TimeSpan.Zero) : null;

    public void Touch(DateTimeOffset heard)
    {
        if (File.Exists(FilePath))
            File.SetLastWriteTimeUtc(FilePath, heard.UtcDateTime);
    }

    public void Delete()
    {
        if (File.Exists(FilePath))
            File.Delete(FilePath);
    }
}
