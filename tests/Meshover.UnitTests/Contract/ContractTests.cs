using System.Runtime.CompilerServices;
using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Mesh.Trust;
using Xunit;

namespace Meshover.UnitTests.Contract;

/// <summary>
/// Holds proto/ to the last release, whose contract is Baseline/released.txt. After a release, and only then,
/// <c>MESHOVER_UPDATE_GOLDEN=1</c> writes that file anew.
/// </summary>
public sealed class ContractTests
{
    [Fact]
    public void Contract_StillHasAllThatTheLastReleaseHad()
    {
        var file = BaselineFile();
        if (Environment.GetEnvironmentVariable("MESHOVER_UPDATE_GOLDEN") == "1")
            File.WriteAllLines(file, ContractText.Current);

        var missing = ContractText.Missing(File.ReadAllLines(file), ContractText.Current).ToList();

        Assert.True(missing.Count == 0, "The contract breaks nodes and controllers of the last release. Removed or changed:\n" + string.Join('\n', missing));
    }

    [Theory]
    [InlineData("field meshover.v1.Hello.version = 1 singular string", "field meshover.v1.Hello.version = 9 singular string")]
    [InlineData("field meshover.v1.Hello.version = 1 singular string", "field meshover.v1.Hello.version = 1 singular bytes")]
    [InlineData("field meshover.v1.Hello.version = 1 singular string", "")]
    [InlineData("value meshover.v1.Notice.Kind.KIND_REMOVED = 2", "value meshover.v1.Notice.Kind.KIND_REMOVED = 3")]
    public void Missing_FieldRenumberedRetypedOrRemoved_IsNamed(string released, string now) =>
        Assert.Equal([released], ContractText.Missing(["other", released], ["other", now]));

    [Fact]
    public void Missing_Addition_IsNone() => Assert.Empty(ContractText.Missing(["a"], ["a", "b"]));

    [Fact]
    public void Lines_TellFieldsMethodsAndEnumValues()
    {
        Assert.Contains("field meshover.v1.NodeStatus.listen_port = 4 optional uint32", ContractText.Current);
        Assert.Contains("field meshover.v1.NodeMessage.hello = 1 optional meshover.v1.NodeHello in message", ContractText.Current);
        Assert.Contains("rpc meshover.v1.MeshService.Follow(stream meshover.v1.NodeMessage) returns (stream meshover.v1.ControllerMessage)", ContractText.Current);
        Assert.Contains("value meshover.v1.Notice.Kind.KIND_COPIED_STATE = 1", ContractText.Current);
    }

    [Fact]
    public void UnknownFieldsOfANewerRelease_Survive()
    {
        // Field 1000, varint 7: nothing that this release knows.
        var bytes = new NodeInfo { Id = 5, Hostname = "a" }.ToByteArray().Concat(new byte[] { 0xc0, 0x3e, 0x07 }).ToArray();
        var snapshot = new MeshSnapshot { Nodes = { NodeInfo.Parser.ParseFrom(bytes) } };

        Assert.Equal(bytes, MeshSnapshot.Parser.ParseFrom(snapshot.ToByteArray()).Nodes[0].ToByteArray());
    }

    [Theory]
    [InlineData(ContractRevision.Current, ContractRevision.Oldest, true)]
    [InlineData(ContractRevision.Current + 1, ContractRevision.Current, true)]
    [InlineData(ContractRevision.Current + 2, ContractRevision.Current + 1, false)]
    [InlineData(ContractRevision.Oldest - 1, ContractRevision.Oldest - 1, false)]
    public void Fits_OnlyWhereTheTwoHaveARevisionInCommon(uint theirs, uint theirOldest, bool fits) =>
        Assert.Equal(fits, ContractRevision.Fits(theirs, theirOldest));

    private static string BaselineFile([CallerFilePath] string caller = "") =>
        Path.Combine(Path.GetDirectoryName(caller)!, "Baseline", "released.txt");
}
