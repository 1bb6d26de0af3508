using System.Text;
using Meshover.Controller.Administration;
using Meshover.Controller.Audit;
using Meshover.Controller.Backups;
using Meshover.Controller.Changes;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class AuditTests : IAsyncLifetime
{
    private static readonly Actor Admin = Actor.Process(0, 4711);

    private readonly FakeStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private MeshDirectory _directory = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None, journal: null, _time);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await ChangeAsync(Operation.CreateToken, draft => TokenRules.Create(draft, TestMesh.Token()));
    }

    public async ValueTask DisposeAsync()
    {
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Change_HasItsRecord_InItsOwnRevision()
    {
        await EnrolAsync("a", "web-1");
        var committed = await _directory.ChangeAsync(new Cause(Admin, Operation.RemoveNode, Reason.Of("stolen")), draft =>
        {
            Departure.Remove(draft, draft.State.Nodes[1].Record, 0);
            return 0;
        }, CancellationToken.None);

        var newest = (await ListAsync(1)).Records[0];
        Assert.Equal(committed.Revision, newest.Revision);
        Assert.Equal(("root (uid 0, pid 4711)", "node.remove", "node 1 (web-1)", "stolen", TestMesh.Now),
            (newest.Record.Actor, newest.Record.Operation, newest.Record.Object, newest.Record.Reason, newest.Record.Time));
        Assert.Contains("standing Active", newest.Record.Before, StringComparison.Ordinal);
        Assert.Contains("standing Removed", newest.Record.After, StringComparison.Ordinal);
        Assert.Equal([1u], newest.Record.Nodes);
    }

    [Fact]
    public async Task Enrolment_NamesTheNodeAndItsToken()
    {
        await EnrolAsync("a", "web-1");

        var newest = (await ListAsync(1)).Records[0].Record;
        Assert.Equal("node 1 (web-1), token token", string.Join(", ", newest.Object.Split(", ").Order(StringComparer.Ordinal)));
        Assert.Contains("IPv4 10.249.0.1", newest.After, StringComparison.Ordinal);
        Assert.Contains("token token: used 1", newest.After, StringComparison.Ordinal);
        Assert.Contains("token token: used 0", newest.Before, StringComparison.Ordinal);
        Assert.Equal(Operation.Enrol.Words, newest.Reason);
    }

    [Fact]
    public async Task ChangeThatFailsOrChangesNothing_LeavesNoRecord()
    {
        var before = (await ListAsync(100)).Records.Length;
        await ChangeAsync(Operation.Tidy, _ => { });
        await Assert.ThrowsAsync<RefusalException>(() => ChangeAsync(Operation.RevokeToken, draft => TokenRules.Revoke(draft, "none")));
        _store.BeforeCommit = () => throw new StoreException("write to", "fake", "the disk is full.");
        await Assert.ThrowsAsync<StoreException>(() => ChangeAsync(Operation.RevokeToken, draft => TokenRules.Revoke(draft, "token")));
        _store.BeforeCommit = () => Task.CompletedTask;

        Assert.Equal(before, (await ListAsync(100)).Records.Length);
        Assert.Empty((await ListAsync(100, routine: true)).Records);
    }

    [Fact]
    public async Task ChangeThatMeetsAnotherControllers_IsRecordedOnce_UnderAnotherNumber()
    {
        var newest = (await NewestKeyAsync())!;
        var once = true;
        _store.BeforeCommit = () =>
        {
            if (once)
                _store.Write(StoreKeys.Numbered(StoreKeys.AuditFolder, StoreKeys.NumberOf(newest) + 1), RecordJson.Write(Record("another's")));
            once = false;
            return Task.CompletedTask;
        };

        await ChangeAsync(Operation.RevokeToken, draft => TokenRules.Revoke(draft, "token"));

        Assert.Equal(["token.revoke", "another's"], (await ListAsync(2)).Records.Select(view => view.Record.Operation));
    }

    [Fact]
    public async Task Routine_IsKeptApart()
    {
        await EnrolAsync("a", "web-1");
        await ChangeAsync(Operation.Plan, draft => draft.Put(StoreKeys.Reach(1), ReachRecord.Unknown with { Transit = true }));

        Assert.Equal("node.enrol", (await ListAsync(1)).Records[0].Record.Operation);
        var routine = Assert.Single((await ListAsync(10, routine: true)).Records).Record;
        Assert.Equal(("map.plan", "node 1 (web-1)", "transit yes"), (routine.Operation, routine.Object, routine.After));
    }

    [Fact]
    public async Task Trail_KeepsNoMoreThanItsBound_AndNothingForLongerThanItsTime()
    {
        for (var i = 0; i < AuditBound.Routine.Most + 300; i++)
            await ChangeAsync(Operation.Plan, draft => draft.Put(StoreKeys.Allocation, new AllocationRecord(1, i)));
        Assert.Equal(AuditBound.Routine.Most, await CountAsync());

        _time.Advance(AuditBound.Routine.KeptFor + TimeSpan.FromSeconds(1));
        for (var i = 0; i < AuditBound.Routine.Most; i++)
            await ChangeAsync(Operation.Plan, draft => draft.Put(StoreKeys.Allocation, new AllocationRecord(2, i)));
        Assert.InRange((await ListAsync(5_000, routine: true)).Records.Length, 1, AuditBound.Routine.Most);
        Assert.All((await ListAsync(5_000, routine: true)).Records, view => Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds(), view.Record.Time));

        async Task<int> CountAsync() => (await _directory.ReadAsync(StoreRange.Folder(StoreKeys.RoutineFolder), CancellationToken.None)).Entries.Count;
    }

    [Fact]
    public async Task Trail_IsNotHeldInMemory()
    {
        var reopened = await MeshState.LoadAsync(_store, CancellationToken.None);

        Assert.Equal(2, (await ListAsync(10)).Records.Length);
        Assert.All([_directory.State, reopened], state =>
        {
            Assert.DoesNotContain(state.Records, entry => entry.Record is AuditRecord);
            Assert.Equal(0, state.CountOf(StoreKeys.AuditFolder));
            Assert.Equal(_store.Revision, state.Revision);
        });
    }

    [Fact]
    public async Task List_GoesOnWhereItEnded_AndFindsANodeByNameAlsoWhenItIsGone()
    {
        await EnrolAsync("a", "web-1");
        await EnrolAsync("b", "web-2");
        await ChangeAsync(Operation.Leave, draft => Departure.Leave(draft, draft.State.Nodes[1].Record));

        Assert.Equal(["node.leave", "node.enrol"], (await ListAsync(10, "WEB-1")).Records.Select(view => view.Record.Operation));
        Assert.Equal(["node.leave", "node.enrol"], (await ListAsync(10, "1")).Records.Select(view => view.Record.Operation));
        Assert.Equal(RefusalReason.NotFound, (await Assert.ThrowsAsync<RefusalException>(() => ListAsync(10, "nobody"))).Reason);

        var all = (await ListAsync(100)).Records;
        var pages = new List<AuditView>();
        for (var page = await ListAsync(2); ; page = await new AuditLog(_directory).ListAsync(new AuditQuery(2, Below: page.Next), CancellationToken.None))
        {
            pages.AddRange(page.Records);
            if (page.Next == 0)
                break;
        }
        Assert.Equal(all.Select(view => view.Revision), pages.Select(view => view.Revision));
        Assert.Equal(5, all.Length);
    }

    // Whole lists would be cut long before the one that matters.
    [Fact]
    public async Task GrantAmongMany_IsNamedAlone()
    {
        await EnrolAsync("a", "web-1");
        StoredGrant[] many = [.. Enumerable.Range(0, 40).Select(i => new StoredGrant($"10.64.{i}.0/24", 24))];
        await GrantsAsync(many);
        await GrantsAsync([.. many, new StoredGrant("10.99.0.0/24", 24)]);
        await GrantsAsync(many[1..]);
        await GrantsAsync([.. many[1..39], many[39] with { Pin = true }]);
        Assert.Equal(("grants 10.64.39.0/24-24", "grants 10.64.39.0/24-24-pinned"), (await ListAsync(1)).Records.Select(view => (view.Record.Before, view.Record.After)).Single());
        await GrantsAsync(many[1..]);

        var records = (await ListAsync(4)).Records.Select(view => (view.Record.Before, view.Record.After));
        Assert.Equal([("grants 10.64.0.0/24-24 10.99.0.0/24-24", ""), ("", "grants 10.99.0.0/24-24")], records.Skip(2));

        Task GrantsAsync(StoredGrant[] grants) => ChangeAsync(
            Operation.AddGrant, draft => draft.Put(StoreKeys.Node(1), draft.State.Nodes[1].Record with { Grants = [.. grants] }));
    }

    [Fact]
    public async Task Record_HoldsNoSecret()
    {
        using var folder = new StoreFolder();
        await folder.InitAsync();
        var former = (await folder.StateAsync()).Get<SecretRecord>(StoreKeys.Secret)!;
        await KeyRotation.RunAsync(folder.Paths, keepFormer: true, StoreFolder.Time, CancellationToken.None);
        await AuthorityRotation.RunAsync(folder.Paths, finish: false, StoreFolder.Time, CancellationToken.None);

        var text = "";
        await folder.WhileServingAsync(async directory =>
        {
            var page = await new AuditLog(directory).ListAsync(new AuditQuery(100), CancellationToken.None);
            Assert.Equal(["authority.begin", "key.rotate"], page.Records.Take(2).Select(view => view.Record.Operation));
            Assert.Contains("signing key", page.Records[1].Record.After, StringComparison.Ordinal);
            text = string.Concat(page.Records.Select(view => view.Record.ToString()));
        });
        var present = (await folder.StateAsync()).Get<SecretRecord>(StoreKeys.Secret)!;
        Assert.Contains("After = signing key", text, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", text, StringComparison.Ordinal);
        Assert.All(
            ((string[])[former.CaKey, former.SigningKey, present.CaKey, present.SigningKey, present.NextCa!.Key]).Select(pem => pem.Split('\n')[1]),
            line => Assert.DoesNotContain(line, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task BackupAndRestore_CarryIt_AndARestoreIsARecordItself()
    {
        using var folder = new StoreFolder();
        await folder.InitAsync();
        await folder.WhileServingAsync(directory => StoreFolder.EnrolAsync(directory, "web-1"));
        StoreBackup.Write(folder.Paths.Store, folder.Backup);
        var removal = 0L;
        await folder.WhileServingAsync(async directory =>
        {
            await directory.ChangeAsync(
                new Cause(Admin, Operation.RemoveNode, Reason.Of("stolen")), draft => Departure.Remove(draft, draft.State.Nodes[1].Record, 0), CancellationToken.None);
            removal = directory.State.Revision;
        });
        await folder.RestoreAsync();
        await folder.RestoreAsync();

        await folder.WhileServingAsync(async directory =>
        {
            var records = (await new AuditLog(directory).ListAsync(new AuditQuery(100), CancellationToken.None)).Records;
            Assert.Equal(["store.restore", "store.restore", "node.remove", "test", "test", "test"], records.Select(view => view.Record.Operation));
            Assert.Contains($"pid {Environment.ProcessId}", records[0].Record.Actor, StringComparison.Ordinal);
            Assert.Equal(("stolen", removal), (records[2].Record.Reason, records[2].Revision));
            Assert.Contains("node 1 (web-1)", records[3].Record.Object, StringComparison.Ordinal);
        });
    }

    private static AuditRecord Record(string operation) => new() { Time = TestMesh.Now, Actor = "", Operation = operation, Object = "", Reason = "" };

    private Task ChangeAsync(Operation operation, Action<Draft> change) =>
        _directory.ChangeAsync(new Cause(Admin, operation, Reason.None), change, CancellationToken.None);

    private Task EnrolAsync(string identity, string name) => ChangeAsync(Operation.Enrol, draft => Enrolment.Enrol(
        draft, new EnrolmentRequest { Identity = identity, HostName = name, WireGuardKey = TestMesh.KeyOf(identity), Token = TestMesh.Token() }, TestMesh.Now, TestMesh.Skew));

    private Task<AuditPage> ListAsync(int limit, string node = "", bool routine = false) =>
        new AuditLog(_directory).ListAsync(new AuditQuery(limit, node, Routine: routine), CancellationToken.None);

    private async Task<string?> NewestKeyAsync() =>
        (await _directory.ReadAsync(StoreRange.Folder(StoreKeys.AuditFolder) with { Limit = 1, Backwards = true }, CancellationToken.None)).Entries.Single().Key;
}
