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
