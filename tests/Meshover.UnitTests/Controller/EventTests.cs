using System.Collections.Immutable;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Api;
using Meshover.Controller.Changes;
using Meshover.Controller.Events;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Mesh.Events;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using LinkReason = Meshover.Controller.Live.LinkReason;

namespace Meshover.UnitTests.Controller;

/// <summary>The mesh's events: what two looks tell, what of it is kept, and how it is read together with what somebody did.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private static readonly Actor Admin = Actor.Process(0, 4711);
    private readonly FakeStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private MeshDirectory _directory = null!;
    private EventKeeper _keeper = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None, journal: null, _time);
        _keeper = new EventKeeper(_directory, new LiveNodes(_time), _time, NullLogger<EventKeeper>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _keeper.Dispose();
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public void Looks_ThatAreTheSame_AndNodesThatAreNew_TellNothing()
    {
        Assert.Empty(Told(Look(Node("n1"), Node("n2")), Look(Node("n1"), Node("n2"))));
        Assert.Empty(Told(Look(Node("n1")), Look(Node("n1"), Node("n2", lost: true))));
    }

    [Fact]
    public void Node_ThatComesGoesIsLostOrUpgraded_IsTold()
    {
        Assert.Equal(["n1 node.offline"], Told(Look(Node("n1")), Look(Node("n1", online: false))));
        Assert.Equal(["n1 node.lost [node-lost]"], Told(Look(Node("n1", online: false)), Look(Node("n1", online: false, lost: true))));
        Assert.Equal(["n1 node.online"], Told(Look(Node("n1", online: false, lost: true)), Look(Node("n1"))));
        Assert.Equal(["n1 node.upgraded: 1.0 -> 1.1"], Told(Look(Node("n1")), Look(Node("n1") with { Version = "1.1" })));
    }

    [Fact]
    public void Links_AreToldByEachEndThatSaysSo_WithTheCause()
    {
        var well = Look(Node("n1"), Node("n2"), Node("n3"));
        var silent = Look(Node("n1", down: (3, LinkReason.NoAnswer)), Node("n2"), Node("n3"));
        Assert.Equal(["n1 session.down n3 [peer-unreached]"], Told(well, silent));
        Assert.Equal(["n1 session.cause n3: was peer-unreached [bgp-down]"], Told(silent, Look(Node("n1", down: (3, LinkReason.NoSession)), Node("n2"), Node("n3"))));
        Assert.Equal(["n1 session.up n3"], Told(silent, well));
    }

    [Fact]
    public void Links_OfWhichANodeSaysNothing_AreNotTold()
    {
        var mute = Look(Node("n1") with { Down = null }, Node("n2"));
        Assert.Empty(Told(Look(Node("n1"), Node("n2")), mute));
        Assert.Empty(Told(mute, Look(Node("n1", down: (2, LinkReason.NoAnswer)), Node("n2"))));
    }

    [Fact]
    public void Findings_ComeAndGo()
    {
        var found = Node("n1") with { Findings = ImmutableSortedDictionary<string, int>.Empty.Add("disk-full", 1).Add("of-a-newer-release", 2) };
        Assert.Equal(["n1 finding.raised [disk-full]", "n1 finding.raised [of-a-newer-release]"], Told(Look(Node("n1")), Look(found)));
        Assert.Equal(["n1 finding.cleared [disk-full]", "n1 finding.cleared [of-a-newer-release]"], Told(Look(found), Look(Node("n1"))));
        var refused = Node("n1") with { Findings = ImmutableSortedDictionary<string, int>.Empty.Add("frr-configuration-refused", 1) };
        Assert.Equal(["n1 configuration.refused [frr-configuration-refused]", "n1 finding.raised [frr-configuration-refused]"], Told(Look(Node("n1")), Look(refused)));
        var unread = Node("n1") with { Findings = ImmutableSortedDictionary<string, int>.Empty.Add("settings-refused", 1) };
        Assert.Equal(["n1 configuration.refused [settings-refused]", "n1 finding.raised [settings-refused]"], Told(Look(Node("n1")), Look(unread)));
    }

    [Fact]
    public void Many_OfACauseAtOnce_AreOneEvent()
    {
        var nodes = Enumerable.Range(1, 100).Select(i => Node($"n{i}")).ToArray();
        var told = MeshChanges.Together(MeshChanges.Between(Look(nodes), Look([.. nodes.Select(node => node with { IsOnline = false })]), _time.GetUtcNow())).ToList();
        Assert.Equal(("node.offline", "100 at once", "n1, n2, n3, n4, n5, …"), (Assert.Single(told).Kind, told[0].Subject, told[0].Text));
    }

    [Fact]
    public void Many_OfOneNode_AreOneEventOfIt()
    {
        var nodes = Enumerable.Range(1, 40).Select(i => Node($"n{i}")).ToArray();
        MeshLook cut = Look([nodes[0] with { Down = Enumerable.Range(2, 39).ToImmutableDictionary(id => (uint)id, _ => LinkReason.NoAnswer) }, .. nodes.Skip(1)]);
        Assert.Equal(["n1 session.down 39 at once [peer-unreached]"], Told(Look(nodes), cut));
    }

    [Fact]
    public void Codes_ThatNobodyKnows_AreOne()
    {
        var summary = new NodeSummary { Components = new ComponentHealths(), Findings = new FindingCounts() };
        summary.Findings.Found.Add(new FindingCounts.Types.Found { Code = "disk-full", Count = 1 });
        for (var i = 0; i < 200; i++)
            summary.Findings.Found.Add(new FindingCounts.Types.Found { Code = $"made-up-{i}", Count = 2 });
        var findings = HealthMapping.Merge(former: null, summary, _time.GetUtcNow()).Findings!;
        Assert.Equal(["disk-full 1", $"{HealthReport.UnknownFinding} 400"], findings.Select(found => $"{found.Key} {found.Value}"));
    }

    /// <summary>It says other codes, all of which are known, at each look for an hour; the others are heard as ever.</summary>
    [Fact]
    public void Node_ThatChangesAllTheTime_IsHeardALittle_AndItIsSaidWhatIsLeftOut()
    {
        var allowance = new NodeAllowance(_time);
        var kept = new List<NodeChange>();
        var told = 0;
        for (var second = 0; second < 3600; second++)
        {
            var loud = Enumerable.Range(0, 60).Select(i => new NodeChange(1, Event("loud", "finding.raised")));
            NodeChange[] quiet = second % 600 == 0 ? [new(2, Event("quiet", "node.online"))] : [];
            told += 60 + quiet.Length;
            kept.AddRange(allowance.Admit(loud.Concat(quiet)));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(6, kept.Count(change => change.Node == 2));
        Assert.InRange(kept.Count, 100, NodeAllowance.AtOnceOfADay + 20);

        // When it is quiet again, the rest is told as well.
        for (var second = 0; second < 3600; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            kept.AddRange(allowance.Admit([]));
        }
        var left = kept.Where(change => change.Event.Kind == EventKinds.EventsDropped.Name).ToList();
        Assert.All(left, change => Assert.Equal(("loud", 1u), (change.Event.Node, change.Node)));
        Assert.Equal(told, kept.Count - left.Count + left.Sum(change => int.Parse(change.Event.Subject, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Number_ThatAnotherControllerTook_IsTakenAnew()
    {
        var taken = 0;
        _store.BeforeCommit = () =>
        {
            if (taken++ == 0)
                _store.Write(StoreKeys.Numbered(StoreKeys.EventFolder, 1), RecordJson.Write(EventRecord.Of(Event("n9", "node.lost"))));
            return Task.CompletedTask;
        };
        await _keeper.TryKeepAsync([Event("n1", "node.online")], CancellationToken.None);
        Assert.Equal(["node.lost", "node.online"], (await FolderAsync(StoreKeys.EventFolder)).Select(entry => EventRecord.TryRead(entry)!.Kind));
    }

    [Fact]
    public async Task Store_ThatFailsWhateverItThrows_CostsEventsOnly()
    {
        _store.BeforeCommit = () => throw new InvalidOperationException("not foreseen");
        await _keeper.TryKeepAsync([Event("n1", "node.online")], CancellationToken.None);
        _store.BeforeCommit = () => Task.CompletedTask;
        Assert.Empty(await FolderAsync(StoreKeys.EventFolder));
    }

    [Fact]
    public async Task Events_ThatComeWhileOneReadsPageByPage_AreInNoLaterPage_AndFollowFromTheirPlace()
    {
        await KeepAsync("session.down", "session.up");
        var events = new MeshEvents(_directory);
        var first = await events.ListAsync(new EventQuery(1, "", DateTimeOffset.MinValue, ""), CancellationToken.None);
        await KeepAsync("node.lost");
        await _directory.ChangeAsync(new Cause(Admin, Operation.CreateToken, Reason.None), draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        var second = await events.ListAsync(new EventQuery(10, "", DateTimeOffset.MinValue, first.Next), CancellationToken.None);
        Assert.Equal(["session.up", "session.down"], first.Events.Concat(second.Events).Select(one => one.Event.Kind));

        var followed = await events.ListAsync(new EventQuery(10, "", DateTimeOffset.MinValue, "", first.Newest), CancellationToken.None);
        Assert.Equal(["changed", "node.lost"], followed.Events.Select(one => one.Event.Kind).Order());
        Assert.Equal("", followed.Next);
        Assert.Empty((await events.ListAsync(new EventQuery(10, "", DateTimeOffset.MinValue, "", followed.Newest), CancellationToken.None)).Events);
    }

    /// <summary>The place behind a moment is found with some reads, however much came since, and has what was there by then.</summary>
    [Fact]
    public async Task Place_BehindAMoment_IsFoundByBisection()
    {
        var events = new MeshEvents(_directory);
        Assert.Equal("1.1", await events.PlaceBehindAsync(_time.GetUtcNow(), CancellationToken.None));
        var begun = _time.GetUtcNow();
        for (var minute = 0; minute < 100; minute++)
        {
            await KeepAsync($"kind-{minute}");
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        await _directory.ChangeAsync(new Cause(Admin, Operation.CreateToken, Reason.None), draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        foreach (var minute in new[] { 0, 1, 42, 98, 99, 500 })
        {
            var place = await events.PlaceBehindAsync(begun.AddMinutes(minute).AddSeconds(30), CancellationToken.None);
            var first = (await events.ListAsync(new EventQuery(1, "", DateTimeOffset.MinValue, place), CancellationToken.None)).Events.Single().Event;
            Assert.Equal(minute == 500 ? "changed" : $"kind-{minute}", first.Kind);
        }
        // Before anything there is nothing.
        var before = await events.PlaceBehindAsync(begun.AddMinutes(-1), CancellationToken.None);
        Assert.Empty((await events.ListAsync(new EventQuery(1, "", DateTimeOffset.MinValue, before), CancellationToken.None)).Events);
    }

    [Fact]
    public async Task Clock_ThatIsSetBack_HidesNoEvent()
    {
        var before = _time.GetUtcNow();
        await _keeper.KeepAsync([Event("n1", "node.online") with { Time = before }], CancellationToken.None);
        var place = (await List("")).Newest;
        await _keeper.KeepAsync([Event("n1", "node.offline") with { Time = before - TimeSpan.FromHours(1) }], CancellationToken.None);
        Assert.Equal(["node.offline"], (await List(place)).Events.Select(one => one.Event.Kind));
        // The newest by number is older than what is asked for, and what is not is behind it.
        var events = await new MeshEvents(_directory).ListAsync(new EventQuery(10, "", before - TimeSpan.FromMinutes(1), ""), CancellationToken.None);
        Assert.Equal(["node.online"], events.Events.Select(one => one.Event.Kind));

        Task<EventPage> List(string above) => new MeshEvents(_directory).ListAsync(new EventQuery(10, "", DateTimeOffset.MinValue, "", above), CancellationToken.None);
    }

    [Fact]
    public async Task Events_OfManyAtOnce_AreShownForEachNode()
    {
        await _keeper.KeepAsync([Event("", "node.offline") with { Subject = "100 at once" }, Event("n1", "node.lost")], CancellationToken.None);
        var events = await new MeshEvents(_directory).ListAsync(new EventQuery(10, "n57", DateTimeOffset.MinValue, ""), CancellationToken.None);
        Assert.Equal(["node.offline"], events.Events.Select(one => one.Event.Kind));
    }

    [Fact]
    public async Task Events_AreReadTogetherWithWhatWasDone_TheNewestFirst_ByPages()
    {
        await KeepAsync("session.down");
        await _directory.ChangeAsync(new Cause(Admin, Operation.CreateToken, Reason.Of("for web")), draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(5));
        await KeepAsync("session.up");
        _time.Advance(TimeSpan.FromSeconds(5));
        await KeepAsync("node.lost", "node.offline");

        var events = new MeshEvents(_directory);
        var all = await events.ListAsync(new EventQuery(100, "", DateTimeOffset.MinValue, ""), CancellationToken.None);
        Assert.Equal(["node.offline", "node.lost", "session.up", "session.down", "changed"], all.Events.Select(one => one.Event.Kind));
        Assert.Equal(("root (uid 0, pid 4711)", "for web"), (all.Events[^1].Event.Actor, all.Events[^1].Event.Text));
        Assert.StartsWith("token.create ", all.Events[^1].Event.Subject, StringComparison.Ordinal);
        Assert.Equal("", all.Next);
        Assert.Equal(5, all.Events.Select(one => one.Id).Distinct().Count());

        var paged = new List<string>();
        var next = "";
        do
        {
            var page = await events.ListAsync(new EventQuery(2, "", DateTimeOffset.MinValue, next), CancellationToken.None);
            paged.AddRange(page.Events.Select(one => one.Id));
            next = page.Next;
        }
        while (next.Length > 0);
        Assert.Equal(all.Events.Select(one => one.Id), paged);

        var late = await events.ListAsync(new EventQuery(100, "", _time.GetUtcNow() - TimeSpan.FromSeconds(6), ""), CancellationToken.None);
        Assert.Equal(["node.offline", "node.lost", "session.up"], late.Events.Select(one => one.Event.Kind));
        Assert.Empty((await events.ListAsync(new EventQuery(100, "nobody", DateTimeOffset.MinValue, ""), CancellationToken.None)).Events);
        await Assert.ThrowsAsync<RefusalException>(() => events.ListAsync(new EventQuery(1, "", DateTimeOffset.MinValue, "nowhere"), CancellationToken.None));
    }

    [Fact]
    public async Task Events_AreKeptWithinRowsAndDays_AndLeaveNoRecordInTheAudit()
    {
        for (var batch = 0; batch < (EventKeeper.Most / 1000) + 3; batch++)
            await KeepAsync([.. Enumerable.Repeat("session.up", 1000)]);
        var kept = await FolderAsync(StoreKeys.EventFolder);
        Assert.Equal(EventKeeper.Most, kept.Count);
        Assert.Equal(EventKeeper.Most + 3000, StoreKeys.NumberOf(kept[^1].Key));

        _time.Advance(EventKeeper.KeptFor + TimeSpan.FromDays(1));
        await KeepAsync([.. Enumerable.Repeat("session.up", 10)]);
        Assert.Equal(EventKeeper.Most - 10, (await FolderAsync(StoreKeys.EventFolder)).Count);
        Assert.Empty(await FolderAsync(StoreKeys.AuditFolder));
    }

    [Fact]
    public async Task State_CannotBeChangedBesideItsWriter() => await Assert.ThrowsAsync<ArgumentException>(
        () => _directory.KeepApartAsync(new StoreTransaction([], [new StoreWrite(StoreKeys.Mesh, null)]), CancellationToken.None));

    private MeshEvent Event(string node, string kind) => new() { Time = _time.GetUtcNow(), Kind = kind, Node = node };

    private Task<bool> KeepAsync(params string[] kinds) =>
        _keeper.KeepAsync([.. kinds.Select(kind => new MeshEvent { Time = _time.GetUtcNow(), Kind = kind, Node = "n1" })], CancellationToken.None);

    private async Task<IReadOnlyList<StoreEntry>> FolderAsync(string folder) => (await _directory.ReadAsync(StoreRange.Folder(folder), CancellationToken.None)).Entries;

    /// <summary>Without the time and the words.</summary>
    private string[] Told(MeshLook former, MeshLook next)
    {
        const int time = 25;
        return [.. MeshChanges.Together(MeshChanges.Between(former, next, _time.GetUtcNow())).Select(change => (change with { Text = "" }).ToString()[time..])];
    }

    private static MeshLook Look(params NodeLook[] nodes) => new(nodes.Select((node, i) => KeyValuePair.Create((uint)i + 1, node)).ToImmutableDictionary());

    private static NodeLook Node(string name, bool online = true, bool lost = false, params (uint Peer, LinkReason Reason)[] down) => new(
        name, online, lost, "1.0", down.ToImmutableDictionary(link => link.Peer, link => link.Reason), ImmutableSortedDictionary<string, int>.Empty);
}
