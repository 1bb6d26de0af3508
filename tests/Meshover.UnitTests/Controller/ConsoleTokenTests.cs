using System.Collections.Immutable;
using System.Text;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>Tokens of the console: who they let in, for how long, and what is kept of them.</summary>
public sealed class ConsoleTokenTests : IAsyncLifetime
{
    private static readonly Actor Admin = Actor.Process(0, 4711);

    private readonly FakeStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private MeshDirectory _directory = null!;

    private ConsoleTokens Tokens => new(_directory, _time);

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None, time: _time);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task Token_LetsIn_UntilItsEnd_AndOnlyAsItIs()
    {
        var made = await CreateAsync(new ConsoleTokenWish("olga", "operator", 3600, Once: false));
        Assert.Equal("192.0.2.1:12913", made.Address);
        Assert.Equal(("olga", "operator"), ((await TakeAsync(made.Text))!.Name, (await TakeAsync(made.Text))!.Role));
        foreach (var wrong in new[] { "", "moc", made.Text[..^1], made.Text + "0", made.Text.ToUpperInvariant(), made.Text[..^1] + (made.Text[^1] == '0' ? '1' : '0'), $"moc_0000000000000000_{made.Text.Split('_')[2]}" })
            Assert.Null(await TakeAsync(wrong));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(await TakeAsync(made.Text));
        Assert.False(Tokens.MayGoOn(made.Record.Id));
    }

    /// <summary>By its id, the whole name, or the name without the provider's part; and the audit says whose, never of another's before.</summary>
    [Theory]
    [InlineData("ann", "aa01 aa02")]
    [InlineData("ann (login.example 6b86b273)", "aa01")]
    [InlineData("aa02", "aa02")]
    [InlineData("bob", "bb01")]
    public async Task Sessions_OfSomebody_EndAndStandInTheAudit(string who, string ended)
    {
        var held = new FakeSessions();
        var sessions = new ConsoleSessions(_directory, held, _time);
        Assert.Equal(ended.Split(' ').Length, await sessions.EndAsync(Admin, Reason.Of("left us"), who, CancellationToken.None));
        Assert.Equal(ended.Split(' '), held.Ended);
        await sessions.EndAsync(Admin, Reason.None, "carol", CancellationToken.None);
        var records = (await new AuditLog(_directory).ListAsync(new AuditQuery(2), CancellationToken.None)).Records.Select(view => view.Record).ToList();
        Assert.Equal(("console-session.end", $"console sessions of {who}", "left us"), (records[1].Operation, records[1].Object, records[1].Reason));
        Assert.Equal(("console sessions of carol", ""), (records[0].Object, records[0].Before));
        // Of whom nobody knows there may be sessions at a console that says so only later.
        Assert.Equal(0, await sessions.EndAsync(Admin, Reason.None, "an", CancellationToken.None));
        Assert.Equal(["an", "carol", who], _directory.State.Get<SessionsEndedRecord>(StoreKeys.Ended)!.Orders().Select(order => order.Who));
        await Assert.ThrowsAsync<RefusalException>(() => sessions.EndAsync(Admin, Reason.None, "", CancellationToken.None));
    }

    [Fact]
    public void Orders_AreKeptForAsLongAsASessionLasts_TheLastOfEachName()
    {
        var first = SessionsEndedRecord.After(null, "ann", 1, TestMesh.Now);
        var second = SessionsEndedRecord.After(first, "bob", 1, TestMesh.Now + 3600);
        var third = (SessionsEndedRecord)RecordJson.Read(StoreKeys.Ended, RecordJson.Write(SessionsEndedRecord.After(second, "ann", 1, TestMesh.Now + 7200)))!;
        Assert.Equal([("ann", TestMesh.Now + 7200), ("bob", TestMesh.Now + 3600)], third.Orders().Select(order => (order.Who, order.Time)));
        Assert.Equal(["bob", "ann"], SessionsEndedRecord.After(third, "bob", 0, TestMesh.Now + 8000).Orders().Select(order => order.Who));
        Assert.Equal(["carol"], SessionsEndedRecord.After(third, "carol", 1, TestMesh.Now + (48 * 3600)).Orders().Select(order => order.Who));
        // As an older release wrote it.
        var older = (SessionsEndedRecord)RecordJson.Read(StoreKeys.Ended, Encoding.UTF8.GetBytes("""{"who":"ann","count":1,"time":7}"""))!;
        Assert.Equal([("ann", 7L)], older.Orders().Select(order => (order.Who, order.Time)));
        Assert.Equal(["bob", "ann"], SessionsEndedRecord.After(older, "bob", 1, 8).Orders().Select(order => order.Who));
    }

    private sealed class FakeSessions : IConsoleSessions
    {
        private readonly List<SessionView> _held =
        [
            .. new[] { ("aa01", "ann (login.example 6b86b273)"), ("aa02", "ann (other.example d4735e3a)"), ("bb01", "bob"), ("cc01", "carol") }
                .Select(one => new SessionView(one.Item1, one.Item2, "viewer", "192.0.2.7", default, default)),
        ];

        public List<string> Ended { get; } = [];

        public ImmutableArray<SessionView> List() => [.. _held];

        public void End(Func<SessionView, bool> which)
        {
            Ended.AddRange(_held.Where(which).Select(session => session.Id));
            _held.RemoveAll(session => which(session));
        }
    }

    [Fact]
    public async Task Secret_IsKeptNowhere()
    {
        var made = await CreateAsync(new ConsoleTokenWish("olga", "viewer", 0, Once: false));
        var secret = made.Text.Split('_')[2];
        var kept = Encoding.UTF8.GetString(RecordJson.Write(_directory.State.Get<ConsoleTokenRecord>(StoreKeys.Console(made.Record.Id))!));
        Assert.DoesNotContain(secret, kept, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(Convert.FromHexString(secret))[..40], kept, StringComparison.Ordinal);
        var audit = await new AuditLog(_directory).ListAsync(new AuditQuery(10), CancellationToken.None);
        Assert.Contains(audit.Records, view => view.Record.Object == $"console token {made.Record.Id} (olga)");
        Assert.DoesNotContain(audit.Records, view => $"{view.Record}".Contains(secret, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Link_LetsOneIn_HoweverManyComeAtOnce_AndWhatBeganWithItGoesOn()
    {
        var made = await CreateAsync(new ConsoleTokenWish("olga", "administrator", 600, Once: true));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TakeAsync(made.Text)));
        Assert.Single(answers, answer => answer is not null);
        _time.Advance(TimeSpan.FromHours(11));
        Assert.True(Tokens.MayGoOn(made.Record.Id));
        await Tokens.RevokeAsync(Admin, Reason.None, made.Record.Id, CancellationToken.None);
        Assert.False(Tokens.MayGoOn(made.Record.Id));
    }

    [Fact]
    public async Task RevokedToken_LetsNobodyIn()
    {
        var made = await CreateAsync(new ConsoleTokenWish("olga", "viewer", 0, Once: false));
        await Tokens.RevokeAsync(Admin, Reason.None, made.Record.Id, CancellationToken.None);
        Assert.Null(await TakeAsync(made.Text));
        await Assert.ThrowsAsync<RefusalException>(() => Tokens.RevokeAsync(Admin, Reason.None, "nothing", CancellationToken.None));
    }

    [Theory]
    [InlineData("olga", "king", 60, false)]
    [InlineData("", "viewer", 60, false)]
    [InlineData("olga\n", "viewer", 60, false)]
    [InlineData("olga", "viewer", -1, false)]
    [InlineData("olga", "viewer", 0, true)]
    public async Task Wish_ThatCannotBeMeant_IsRefusedAndNothingIsMade(string name, string role, long lifetime, bool once)
    {
        await Assert.ThrowsAsync<InvalidRequestException>(() => CreateAsync(new ConsoleTokenWish(name, role, lifetime, once)));
        Assert.Empty(Tokens.List());
    }

    [Fact]
    public async Task TokensThatAreOver_AreForgotten()
    {
        var old = await CreateAsync(new ConsoleTokenWish("olga", "viewer", 60, Once: false));
        _time.Advance(TimeSpan.FromHours(25));
        var made = await CreateAsync(new ConsoleTokenWish("olga", "viewer", 60, Once: false));
        Assert.Equal([made.Record.Id], Tokens.List().Select(token => token.Id));
        Assert.NotEqual(old.Record.Id, made.Record.Id);
    }

    [Fact]
    public async Task AtTheBound_RevokingMakesRoom()
    {
        var first = await CreateAsync(new ConsoleTokenWish("olga", "viewer", 0, Once: false));
        await _directory.ChangeAsync(draft =>
        {
            for (var i = 1; i < ConsoleTokenRules.Most; i++)
                draft.Put(StoreKeys.Console($"{i}"), first.Record with { Id = $"{i}" });
        }, CancellationToken.None);
        Assert.Contains("revoke some", (await Assert.ThrowsAsync<RefusalException>(() => CreateAsync(new ConsoleTokenWish("olga", "viewer", 0, Once: false)))).Message, StringComparison.Ordinal);
        await Tokens.RevokeAsync(Admin, Reason.None, first.Record.Id, CancellationToken.None);
        var next = await CreateAsync(new ConsoleTokenWish("olga", "viewer", 0, Once: false));
        Assert.DoesNotContain(Tokens.List(), token => token.Id == first.Record.Id);
        Assert.Contains(Tokens.List(), token => token.Id == next.Record.Id);
    }

    private Task<CreatedConsoleToken> CreateAsync(ConsoleTokenWish wish) => Tokens.CreateAsync(Admin, Reason.None, wish, CancellationToken.None);

    private Task<ConsoleTokenRecord?> TakeAsync(string text) => Tokens.TakeAsync(text, CancellationToken.None);
}
