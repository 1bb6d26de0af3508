using Google.Protobuf;
using Meshover.Agent.ControllerLink;
using Meshover.Contract.V1;
using Meshover.UnitTests.Mesh;

namespace Meshover.UnitTests.Agent.ControllerLink;

public sealed class MapFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-map").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_AfterSave_GivesTheMapAndWhenItWasHeard()
    {
        var file = new MapFile(_directory);
        Assert.Null(file.Load(out var problem));
        Assert.Null(problem);
        Assert.Null(file.LastHeard());
        file.Save(TestMesh.Full(3));
        var heard = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        file.Touch(heard);
        Assert.Equal(3, new MapFile(_directory).Load(out _)!.Nodes.Count);
        Assert.Equal(heard, file.LastHeard());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.FilePath));
    }

    [Fact]
    public void Save_MapThatLacksWhatCouldNotBeUsed_IsToldAnewAsAWhole()
    {
        var file = new MapFile(_directory);
        file.Save(TestMesh.Full(2) with { LeftOut = TestMesh.Full(1).LeftOut.Add(new(3), "it has no id") });
        Assert.Equal(0, file.Load(out _)!.Revision);
    }

    [Fact]
    public void Load_MapOfAReleaseThatKnewLess_IsToldAnewAsAWhole()
    {
        var file = new MapFile(_directory);
        file.Save(TestMesh.Full(2));
        Assert.Equal(7, file.Load(out _)!.Revision);
        var older = MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(file.FilePath));
        older.KnownFields--;
        File.WriteAllBytes(file.FilePath, older.ToByteArray());
        Assert.Equal(0, file.Load(out _)!.Revision);
        older.KnownFields = 0; // before there was the mark
        File.WriteAllBytes(file.FilePath, older.ToByteArray());
        Assert.Equal((0, 2), (file.Load(out var problem)!.Revision, file.Load(out _)!.Nodes.Count));
        Assert.Null(problem);
    }

    [Fact]
    public void Load_AnyCutOfTheFile_IsAMapOrAProblemAndNeverAnException()
    {
        var file = new MapFile(_directory);
        file.Save(TestMesh.Full(2));
        var whole = File.ReadAllBytes(file.FilePath);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(file.FilePath, whole[..length]);
            Assert.Equal(file.Load(out var problem) is null, problem is not null);
        }
    }
}
