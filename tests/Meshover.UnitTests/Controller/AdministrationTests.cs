using System.Net.Sockets;
using Meshover.Controller.Administration;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Hosting;
using Meshover.Controller.Identity;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>The use cases of administration, as every face of the controller has them.</summary>
public sealed class AdministrationTests : IAsyncLifetime
{
    private static readonly Actor Admin = Actor.Process(0, 4711);

    private readonly FakeStore _store = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now));
    private readonly TokenSigner _signer = new(CertificateAuthority.Create(DateTimeOffset.FromUnixTimeSeconds(TestMesh.Now)));
    private MeshDirectory _directory = null!;

    private MeshState State => _directory.State;

    private Tokens Tokens => new(_directory, _signer, _time);

    private Grants Grants => new(_directory);

    private Addresses Addresses => new(_directory, ConfigReader.Read(new ControllerConfig()), _time);

    private Nodes Nodes => new(_directory, new LiveNodes(_time), ConfigReader.Read(new ControllerConfig()), _time);

    public async ValueTask InitializeAsync()
    {
        _directory = await MeshDirectory.OpenAsync(_store, NullLogger<MeshDirectory>.Instance, CancellationToken.None);
        await _directory.ChangeAsync(draft => draft.Put(StoreKeys.Mesh, new TestMesh().State.Mesh), CancellationToken.None);
        await _directory.ChangeAsync(draft => TokenRules.Create(draft, TestMesh.Token()), CancellationToken.None);
        var request = new EnrolmentRequest { Identity = "a", HostName = "web-1", WireGuardKey = TestMesh.KeyOf("a"), Token = TestMesh.Token() };
        await _directory.ChangeAsync(draft => Enrolment.Enrol(draft, request, TestMesh.Now, TestMesh.Skew), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _directory.DisposeAsync();
        await _store.DisposeAsync();
        _signer.Dispose();
    }

    [Fact]
    public async Task Token_IsMadeListedAndRevoked()
    {
        var made = await Tokens.CreateAsync(Admin, Reason.None, new TokenWish(0, 0, ["edge", "edge"], [new GrantWish("10.64.0.0/016")], false), CancellationToken.None);

        Assert.Equal(TestMesh.Now + (24 * 3600), made.Expires);
        Assert.Equal(made.Id, (await JoinTokens.ReadAsync(_signer, made.Join.Token)).Id);
        var listed = Assert.Single(Tokens.List(), token => token.Id == made.Id);
        Assert.Equal((1u, "edge", "10.64.0.0/16"), (listed.Uses, Assert.Single(listed.Tags), Assert.Single(listed.Grants).Prefix));

        await Tokens.RevokeAsync(Admin, Reason.None, made.Id, CancellationToken.None);
        Assert.True(State.Token(made.Id)!.Revoked);
        var unknown = await Assert.ThrowsAsync<RefusalException>(() => Tokens.RevokeAsync(Admin, Reason.None, "none", CancellationToken.None));
        Assert.Equal(RefusalReason.NotFound, unknown.Reason);
    }

    [Fact]
    public async Task Address_IsGivenListedAndTaken_AndTheAuditSaysWhoAndWhy()
    {
        var given = await Addresses.AddAsync(Admin, Reason.Of("for mail"), "web-1", new AddressWish(Family: 6, Note: "mail relay"), CancellationToken.None);
        Assert.Equal(("fd00:1::2", "mail relay"), (given.Address.Address, given.Address.Note));
        var noted = await Addresses.AddAsync(Admin, Reason.None, "web-1", new AddressWish("FD00:1:0::2", Note: "web"), CancellationToken.None);
        Assert.Equal("mail relay", noted.Former!.Note);
        Assert.Equal(("web-1", "fd00:1::2", 0L), Assert.Single(Addresses.List("")) is var one ? (one.HostName, one.Address.Address, one.RestsUntil) : default);

        var until = await Addresses.RemoveAsync(Admin, Reason.Of("moved"), "1", "fd00:1::2", CancellationToken.None);
        Assert.True(until > _time.GetUtcNow());
        Assert.Equal(until.ToUnixTimeSeconds(), Assert.Single(Addresses.List("web-1")).RestsUntil);

        var told = (await new AuditLog(_directory).ListAsync(new AuditQuery(3, "web-1", 0, Routine: false), CancellationToken.None)).Records.Select(view => view.Record).ToList();
        Assert.Equal(["address.remove", "address.add", "address.add"], told.Select(record => record.Operation));
        Assert.Equal(("moved", "address fd00:1::2 \"web\""), (told[0].Reason, told[0].Before));
        Assert.Equal(("address fd00:1::2 \"mail relay\"", "address fd00:1::2 \"web\""), (told[1].Before, told[1].After));
        Assert.Equal(("root (uid 0, pid 4711)", "for mail", "address fd00:1::2 \"mail relay\""), (told[2].Actor, told[2].Reason, told[2].After));
    }

    [Theory]
    [InlineData("192.0.2.1", 0u, null, "is no address of the mesh's pools")]
    [InlineData("10.249.0.0", 0u, null, "is no address of the mesh's pools")]
    [InlineData("10.249.255.255", 0u, null, "is no address of the mesh's pools")]
    [InlineData("10.249.9", 0u, null, "is no address such as")]
    [InlineData("fd00:1::9%1", 0u, null, "is no address such as")]
    [InlineData("10.249.0.9", 4u, null, "is said by the address")]
    [InlineData("", 5u, null, "4 or 6")]
    [InlineData("", 4u, "two\nlines", "one line of printable characters")]
    public async Task Address_ThatCannotBeMeant_IsRefusedWithWhy(string address, uint family, string? note, string why)
    {
        var e = await Assert.ThrowsAsync<InvalidRequestException>(() => Addresses.AddAsync(Admin, Reason.None, "web-1", new AddressWish(address, family, note), CancellationToken.None));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        var longest = await Assert.ThrowsAsync<InvalidRequestException>(() => Addresses.AddAsync(Admin, Reason.None, "", new AddressWish(Note: new string('x', 101)), CancellationToken.None));
        Assert.Equal(["node", "note"], longest.Violations.Select(violation => violation.Field));
    }

    [Fact]
    public async Task Grant_PinnedAndGivenAgainWithout_IsTheLatter()
    {
        await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("10.64.1.0/24", Pin: true), CancellationToken.None);
        Assert.True(Assert.Single(Grants.List("web-1")).Grant.Pin);
        Assert.True(Assert.Single(State.Nodes.Values).ToContract().Grants.Single().Pin);

        await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("10.64.1.0/24"), CancellationToken.None);
        Assert.False(Assert.Single(Grants.List("web-1")).Grant.Pin);
    }

    [Fact]
    public async Task Grant_ToGather_IsToldToAllAndGivenAgainWithout_IsTheLatter()
    {
        await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("203.0.113.0/24", Gather: true), CancellationToken.None);
        Assert.True(Assert.Single(Grants.List("web-1")).Grant.Gather);
        Assert.True(Assert.Single(State.Nodes.Values).ToContract().Grants.Single().Gather);

        await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("203.0.113.0/24"), CancellationToken.None);
        Assert.False(Assert.Single(State.Nodes.Values).ToContract().Grants.Single().Gather);
    }

    [Fact]
    public async Task Grant_WithAName_IsToldToAll_AndTheNameIsNoNodesAndOfOneAddress()
    {
        var added = await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("10.9.0.1/32", Name: "Shop.Tokyo."), CancellationToken.None);
        Assert.Equal("shop.tokyo", added.Name);
        Assert.Equal("shop.tokyo", Assert.Single(State.Nodes.Values).ToContract().Grants.Single().Name);

        var taken = await Assert.ThrowsAsync<RefusalException>(() => Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("10.9.0.2/32", Name: "WEB-1"), CancellationToken.None));
        Assert.Contains("\"web-1\" is the name of a node", taken.Message, StringComparison.Ordinal);
        foreach (var wrong in new[] { new GrantWish("10.9.1.0/24", Name: "shop"), new GrantWish("10.9.0.2/32", Name: "two words"), new GrantWish("10.9.0.2/32", Name: "10.9.0.2"), new GrantWish("10.9.0.2/32", Name: "mail.Mesh") })
            await Assert.ThrowsAsync<InvalidRequestException>(() => Grants.AddAsync(Admin, Reason.None, "web-1", wrong, CancellationToken.None));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Tokens.CreateAsync(Admin, Reason.None, new TokenWish(0, 0, [], [new GrantWish("10.9.0.2/32", Name: "shop")], false), CancellationToken.None));
        Assert.Single(Grants.List("web-1"));

        await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("10.9.0.1/32"), CancellationToken.None);
        Assert.Null(Assert.Single(Grants.List("web-1")).Grant.Name);
    }

    [Fact]
    public async Task Grant_IsAddedListedAndRemoved()
    {
        await Grants.AddAsync(Admin, Reason.None, "web-1", new GrantWish("FD64:1::/64"), CancellationToken.None);

        Assert.Equal([("web-1", new StoredGrant("fd64:1::/64", 64))], Grants.List(""));
        Assert.Equal(Grants.List(""), Grants.List("1"));
        Assert.Throws<RefusalException>(() => Grants.List("nobody"));

        await Grants.RemoveAsync(Admin, Reason.None, "web-1", "fd64:1:0::/64", CancellationToken.None);
        Assert.Empty(Grants.List(""));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Grants.AddAsync(Admin, Reason.None, "web-1", null, CancellationToken.None));
    }

    [Fact]
    public async Task Node_IsListedRemovedAndAllowedAgain()
    {
        Assert.Equal("web-1", Assert.Single(Nodes.List(withRemoved: false)).Node.Record.HostName);

        await Nodes.RemoveAsync(Admin, Reason.None, "WEB-1", CancellationToken.None);
        Assert.Empty(Nodes.List(withRemoved: false));
        Assert.Equal(NodeStanding.Removed, Assert.Single(Nodes.List(withRemoved: true)).Node.Record.Standing);
        Assert.NotNull(State.Identity("a")!.Refused);

        await Nodes.AllowAsync(Admin, Reason.None, "web-1", CancellationToken.None);
        Assert.Null(State.Identity("a")!.Refused);
        await Assert.ThrowsAsync<RefusalException>(() => Nodes.AllowAsync(Admin, Reason.None, "web-1", CancellationToken.None));
    }

    [Fact]
    public async Task Node_IsGivenTagsAndTheyAreTakenAgain_AndWhatIsNoneChangesNothing()
    {
        var had = State.Nodes.Values.Single().Record.Tags;
        Assert.Equal([.. had, "edge", "rack-7"], await Nodes.TagAsync(Admin, Reason.None, "web-1", ["edge", "rack-7", "edge"], [], CancellationToken.None));
        Assert.Equal([.. had, "rack-7", "rack-8"], await Nodes.TagAsync(Admin, Reason.None, "WEB-1", ["rack-8"], ["edge", "never-had"], CancellationToken.None));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Nodes.TagAsync(Admin, Reason.None, "web-1", ["two words"], ["rack-7"], CancellationToken.None));
        await Assert.ThrowsAsync<InvalidRequestException>(() => Nodes.TagAsync(Admin, Reason.None, "web-1", [], [], CancellationToken.None));
        await Assert.ThrowsAsync<RefusalException>(() => Nodes.TagAsync(Admin, Reason.None, "web-1", [.. Enumerable.Range(0, 31).Select(n => $"t{n}")], [], CancellationToken.None));
        await Assert.ThrowsAsync<RefusalException>(() => Nodes.TagAsync(Admin, Reason.None, "nobody", ["a"], [], CancellationToken.None));
        Assert.Equal([.. had, "rack-7", "rack-8"], State.Nodes.Values.Single().Record.Tags);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData("  stolen \n", "stolen")]
    [InlineData("two\nlines\e[31m", "two lines [31m")]
    public void Reason_IsOneLine(string? said, string kept) => Assert.Equal(kept, Reason.Of(said).Said);

    [Fact]
    public void Reason_IsBounded_AndTheOperationsWhereNoneIsGiven()
    {
        Assert.Equal(Reason.Longest, Reason.Of(new string('x', 1_000)).Said.Length);
        Assert.Equal(Operation.RemoveNode.Words, new Cause(Admin, Operation.RemoveNode, Reason.Of(" ")).Why);
        Assert.Equal("stolen", new Cause(Admin, Operation.RemoveNode, Reason.Of("stolen")).Why);
    }

    [Fact]
    public void Peer_OfAUnixSocket_IsNamedByTheKernel()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("meshover-peer-").FullName, "s");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        using var accepted = listener.Accept();

        Assert.EndsWith($"pid {Environment.ProcessId})", CameBy.PeerOf(accepted).Text, StringComparison.Ordinal);
        Assert.Equal(Actor.Unknown, CameBy.PeerOf(null));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
