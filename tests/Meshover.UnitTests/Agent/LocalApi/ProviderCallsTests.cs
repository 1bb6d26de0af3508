using Grpc.Core;
using Meshover.Agent.Announcing.Provided;
using Meshover.Agent.LocalApi;
using Meshover.Contract.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meshover.UnitTests.Agent.LocalApi;

public sealed class ProviderCallsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("meshover-providers-").FullName;
    private readonly ProviderTable _table;
    private readonly ProviderCalls _calls;

    public ProviderCallsTests()
    {
        _table = new ProviderTable(new ProviderFile(_directory), NullLogger.Instance, TimeProvider.System);
        _calls = new ProviderCalls(_table);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Updates_AreTakenOneAfterTheOther_AndTheEndIsSeen()
    {
        await HearAsync(Update("kubernetes", "node\n\tkube-1", "10.244.1.0/24"), new ProvideUpdate { Provider = "kubernetes", Status = new string('x', 1000) });
        var source = Assert.Single(_table.Current);
        Assert.Equal("10.244.1.0/24", $"{Assert.Single(source.Announcements).Prefix}");
        Assert.Contains("is away since", source.Status, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.244.1.0/33")]
    [InlineData("10.244.1.0")]
    [InlineData("10.244.1.7/24")]
    [InlineData("fd44:0:0:1::%5/64")]
    [InlineData("pods")]
    [InlineData("")]
    public async Task Update_WithOnePrefixThatIsNone_IsRefusedWhole(string prefix)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => HearAsync(Update("kubernetes", "", "10.244.1.0/24"), Update("kubernetes", "", "10.244.2.0/24", prefix)));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.StartsWith("Nothing of it was taken: ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("10.244.1.0/24", $"{Assert.Single(Assert.Single(_table.Current).Announcements).Prefix}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("Kubernetes")]
    [InlineData("table 119")]
    [InlineData("configuration")]
    [InlineData("controller")]
    [InlineData("declared")]
    [InlineData("a-name-that-is-longer-than-all-of-them")]
    public async Task Name_ThatIsNone_IsRefused(string name) =>
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => HearAsync(Update(name, "", "10.244.1.0/24")))).StatusCode);

    [Fact]
    public async Task Name_ThatChangesWithinACall_IsRefused()
    {
        await Assert.ThrowsAsync<RpcException>(() => HearAsync(Update("kubernetes", "", "10.244.1.0/24"), Update("nomad", "", "10.1.0.0/16")));
        Assert.Equal("kubernetes", Assert.Single(_table.Current).Source);
    }

    [Fact]
    public async Task SecondProgramOfOneName_IsRefused_AndTheFirstGoesOn()
    {
        using var first = _table.Join("kubernetes");
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(() => HearAsync(Update("kubernetes", "", "10.244.9.0/24")))).StatusCode);
        Assert.Empty(Assert.Single(_table.Current).Announcements);
    }

    [Fact]
    public async Task ProgramThatTakesAllBack_WhereThatCannotBeKept_IsToldSo()
    {
        await HearAsync(Update("kubernetes", "", "10.244.1.0/24"));
        var file = new ProviderFile(_directory).FilePath;
        File.Delete(file);
        Directory.CreateDirectory(file);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => HearAsync(Update("kubernetes", "")));
            Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
            Assert.Contains("may be back with the agent's next start", refused.Status.Detail, StringComparison.Ordinal);
        }
        Assert.Empty(_table.Current);
        Directory.Delete(file);
        await HearAsync(Update("kubernetes", ""));
    }

    private async Task HearAsync(params ProvideUpdate[] updates)
    {
        var told = new Told(updates);
        await _calls.HearAsync(told, TestContext.Current.CancellationToken);
    }

    private static ProvideUpdate Update(string name, string status, params string[] prefixes) =>
        new() { Provider = name, Status = status, Prefixes = new ProvidedPrefixes { Prefix = { prefixes } } };

    private sealed class Told(IEnumerable<ProvideUpdate> updates) : IAsyncStreamReader<ProvideUpdate>
    {
        private readonly IEnumerator<ProvideUpdate> _updates = updates.GetEnumerator();

        public ProvideUpdate Current => _updates.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromResult(_updates.MoveNext());
    }
}
