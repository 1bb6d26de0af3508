using Google.Protobuf;
using Meshover.Contract.V1;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class MemberUpdatesTests : IAsyncLifetime
{
    private readonly FakeStore _store = new();
    private MeshDirectory _directory = null!;
    private MemberUpdates _updates = null!;
    private NodeSession _session = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await _directory.ChangeAsync(draft => TokenRules.Create(draft, StoreFolder.Token), CancellationToken.None);
        await StoreFolder.EnrolAsync(_directory, "web");
        _session = new NodeSession((await StoreFolder.EnrolAsync(_directory, "db")).Id, "A", "0.1.0", null);
        _updates = new MemberUpdates(_directory);
    }

    public async ValueTask DisposeAsync()
    {
        _updates.Dispose();
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Name_OfAnotherNode_LeavesTheFormerName_TakesTheNewKey_AndIsTold()
    {
        await ApplyAsync(new NodeStatus { Hostname = "web", WireguardKeys = new WireGuardKeys { Keys = { Key(9) } } });

        Assert.Equal(("db", Key(9).ToBase64()), (Member.HostName, Assert.Single(Member.WireGuardKeys)));
        var notice = Told();
        Assert.Equal(Notice.Types.Kind.NameTaken, notice.Kind);
        Assert.Contains("\"web\" belongs to another", notice.Text, StringComparison.Ordinal);

        await ApplyAsync(new NodeStatus { Hostname = "db2" });
        Assert.Equal(("db2", ""), (Member.HostName, Told().Text));
    }

    /// <summary>Its stream broke before the map that says so reached it.</summary>
    [Fact]
    public async Task Name_OfANodeThatHasNotHeardOfItsRenaming_IsNotTakenBack()
    {
        var before = _directory.State.Nodes.ModifiedOf(_session.Node);
        foreach (var name in (string[])["typo", "db-01"])
            await _directory.ChangeAsync(draft => Enrolment.Rename(draft, draft.State.Member(_session.Node)!.Record, name), CancellationToken.None);

        foreach (var former in (string[])["db", "typo"])
        {
            await _updates.ApplyAsync(_session, Hello(former, before), CancellationToken.None);
            await _updates.ApplyLaterAsync(_session, new NodeStatus { Hostname = former }, CancellationToken.None);
            Assert.Equal("db-01", Member.HostName);
        }
        // That it has heard of it and says its own settings' name all the same is its operator's wish; another name than the former, too.
        await _updates.ApplyAsync(_session, Hello("db", _directory.State.Nodes.ModifiedOf(_session.Node)), CancellationToken.None);
        Assert.Equal("db", Member.HostName);
        await _updates.ApplyAsync(_session, Hello("db-7", before), CancellationToken.None);
        Assert.Equal("db-7", Member.HostName);
    }

    private NodeHello Hello(string hostName, long revision) =>
        new() { StoreId = _directory.State.Mesh.StoreId, Revision = revision, Status = new NodeStatus { Hostname = hostName } };

    [Fact]
    public async Task WishForAPrefix_IsGranted_OrItIsSaidWhyNot_AndTriedAgainWhenSomethingChanged()
    {
        var wish = new NodeStatus { WishedPrefixes = new PrefixWishes { Lengths = { 26 } } };
        await ApplyAsync(wish);
        Assert.Equal(Notice.Types.Kind.NoPrefix, Told().Kind);
        await ApplyAsync(new NodeStatus { ListenPort = 1 });
        Assert.False(_session.Outbox.TryRead(out _)); // nothing has changed: nobody is told again

        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { WorkloadPool4 = "10.64.0.0/12" }), CancellationToken.None);
        await ApplyAsync(new NodeStatus { ListenPort = 2 });
        Assert.Equal("", Told().Text);
        Assert.Equal(new StoredGrant("10.64.0.0/26", 26) { Assigned = true }, Assert.Single(Member.Grants));
    }

    [Fact]
    public async Task Key_OfAnotherNode_LeavesTheFormerKey_TakesTheNewName_AndIsTold()
    {
        var former = Member.WireGuardKeys;
        await ApplyAsync(new NodeStatus { Hostname = "db2", WireguardKey = ByteString.FromBase64(TestMesh.KeyOf("web")) });

        Assert.Equal("db2", Member.HostName);
        Assert.Equal(former, Member.WireGuardKeys);
        Assert.Contains("was copied", Told().Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_ThatCrossesAChangeOfTheKey_DoesNotPutTheFormerKeyBack()
    {
        var open = new TaskCompletionSource();
        _store.BeforeCommit = () => open.Task;
        var rotated = _directory.ChangeAsync(draft =>
        {
            var current = draft.State.Member(_session.Node)!.Record;
            Enrolment.Update(draft, current, current.HostName, [Key(9).ToBase64()]);
        }, CancellationToken.None);
        var renamed = ApplyAsync(new NodeStatus { Hostname = "db2" });
        open.SetResult();
        await Task.WhenAll(rotated, renamed);

        Assert.Equal(("db2", Key(9).ToBase64()), (Member.HostName, Assert.Single(Member.WireGuardKeys)));
    }

    [Fact]
    public async Task Changes_WithoutEnd_AreMadeMoreSlowly_AndTheNodeThatSaysNothingNewIsNotHeldUp()
    {
        for (var i = 0; i < 10; i++)
            await ApplyAsync(new NodeStatus { Hostname = $"n{i}" });
        using var stop = new CancellationTokenSource();
        var more = _updates.ApplyAsync(_session, new NodeStatus { Hostname = "more" }, stop.Token);
        await ApplyAsync(new NodeStatus { Hostname = "n9", Site = "here" });

        Assert.False(more.IsCompleted);
        Assert.Equal("n9", Member.HostName);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => more);
    }

    private Meshover.Controller.State.StoredNode Member => _directory.State.Member(_session.Node)!.Record;

    private Task ApplyAsync(NodeStatus status) => _updates.ApplyAsync(_session, status, CancellationToken.None);

    private Notice Told() => _session.Outbox.TryRead(out var message) ? message.Notice : throw new InvalidOperationException("It was told nothing.");

    private static ByteString Key(byte seed) => ByteString.CopyFrom([.. Enumerable.Repeat(seed, 32)]);
}
