using Meshover.Controller.Backups;
using Meshover.Controller.Configuration;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Xunit;
using static Meshover.UnitTests.Controller.StoreFolder;

namespace Meshover.UnitTests.Controller;

/// <summary>What was decided against somebody after the backup was made still holds after a restore.</summary>
public sealed class RestoreTests : IAsyncLifetime
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    /// <summary>Further addresses of the node in the backup.</summary>
    private const string Kept = "10.249.9.1", Other = "fd00:1::9:1";

    private readonly StoreFolder _folder = new();
    private StoredNode _early = null!;
    private StoredNode _late = null!;
    private CredentialClaims _lateCredential = null!;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync();
        await _folder.WhileServingAsync(async directory =>
        {
            _early = await EnrolAsync(directory, "early");
            await ChangeAsync(directory, draft => GrantRules.Add(draft, draft.State.Member(_early.Id)!.Record, new StoredGrant("10.64.1.0/24", 24)));
            await ChangeAsync(directory, draft => GrantRules.Add(draft, draft.State.Member(_early.Id)!.Record, new StoredGrant("10.64.2.0/24", 28)));
            await ChangeAsync(directory, draft => TokenRules.Create(draft, TestMesh.Token(id: "other")));
            await ChangeAsync(directory, draft => FurtherAddresses.Add(draft, draft.State.Member(_early.Id)!.Record, Kept, default, "mail relay"));
            await ChangeAsync(directory, draft => FurtherAddresses.Add(draft, draft.State.Member(_early.Id)!.Record, Other, default, null));
            StoreBackup.Write(_folder.Paths.Store, _folder.Backup);
            _late = await EnrolAsync(directory, "late");
            await ChangeAsync(directory, draft => GrantRules.Add(draft, draft.State.Member(_late.Id)!.Record, new StoredGrant("10.64.3.0/24", 24)));
            _lateCredential = CredentialOf(directory, _late);
        });
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Removed_SinceTheBackup_StaysOut(bool damaged)
    {
        await DecideAsync(damaged,
            draft => Departure.Remove(draft, draft.State.Member(_early.Id)!.Record, TestMesh.Now + 86_400),
            draft => Departure.Remove(draft, draft.State.Member(_late.Id)!.Record, TestMesh.Now + 86_400));

        var said = await _folder.RestoreAsync(Week);

        Assert.Contains("2 node(s) gone", said, StringComparison.Ordinal);
        await _folder.WhileServingAsync(async directory =>
        {
            var state = directory.State;
            Assert.Null(state.Member(_early.Id));
            Assert.Null(state.MemberByHostName("early"));
            Assert.All(new[] { _early, _late }, node =>
            {
                Assert.NotNull(state.Identity(node.Identity)!.Refused);
                Assert.Equal((NodeStanding.Removed, TestMesh.Now + 86_400), (state.Nodes[node.Id].Record.Standing, state.Nodes[node.Id].Record.RestsUntil));
                Assert.Equal(node.Id, state.Get<ClaimRecord>(StoreKeys.Address4(node.Address4))!.Node);
            });
            Assert.Equal(RefusalReason.IdentityRefused, (await Assert.ThrowsAsync<RefusalException>(() => AdoptAsync(directory, _lateCredential))).Reason);
        });
    }

    [Fact]
    public async Task Removed_AndAllowedAgain_MayJoinAgain()
    {
        await DecideAsync(damaged: true,
            draft => Departure.Remove(draft, draft.State.Member(_early.Id)!.Record, TestMesh.Now + 86_400),
            draft => Departure.Allow(draft, draft.State.Nodes[_early.Id].Record));

        await _folder.RestoreAsync();

        await _folder.WhileServingAsync(async directory =>
        {
            Assert.Null(directory.State.Member(_early.Id));
            Assert.Equal(_early.Address4, (await EnrolAsync(directory, "early")).Address4);
        });
    }

    [Fact]
    public async Task SignedOff_ThenRemovedAsAnotherNode_IsNoMemberAsTheFirst()
    {
        await DecideAsync(damaged: true, draft => Departure.Leave(draft, draft.State.Member(_early.Id)!.Record));
        await _folder.RestoreAsync(); // of a journal that knows of no signing off: it is a member again
        Assert.NotNull((await _folder.StateAsync()).Member(_early.Id));
        await DecideAsync(damaged: false, draft => Departure.Leave(draft, draft.State.Member(_early.Id)!.Record));
        StoredNode again = null!;
        await _folder.WhileServingAsync(async directory => again = await EnrolAsync(directory, "early"));
        await DecideAsync(damaged: true, draft => Departure.Remove(draft, draft.State.Member(again.Id)!.Record, TestMesh.Now + 86_400));

        await _folder.RestoreAsync();

        Assert.Null((await _folder.StateAsync()).Member(_early.Id));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Token_RevokedSinceTheBackup_StaysRevoked(bool damaged)
    {
        await DecideAsync(damaged, draft => TokenRules.Revoke(draft, "other"));
        Assert.Contains("1 join token(s) revoked", await _folder.RestoreAsync(), StringComparison.Ordinal);
        Assert.True((await _folder.StateAsync()).Token("other")!.Revoked);
    }

    [Fact]
    public async Task Token_UsedSinceTheBackup_IsAsUsedAsItWas_WhereTheStoreCanBeRead()
    {
        Assert.DoesNotContain("Not known", await _folder.RestoreAsync(), StringComparison.Ordinal);
        Assert.Equal(2u, (await _folder.StateAsync()).Token(Token.Id)!.Used);

        _folder.Damage();
        Assert.Contains("how often join tokens were used", await _folder.RestoreAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Grant_WithdrawnSinceTheBackup_StaysWithdrawn_AlsoFromAnOldCredential(bool damaged)
    {
        await DecideAsync(damaged,
            draft => GrantRules.Remove(draft, draft.State.Member(_early.Id)!.Record, "10.64.1.0/24"),
            draft => GrantRules.Remove(draft, draft.State.Member(_late.Id)!.Record, "10.64.3.0/24"));
        Assert.Single(_lateCredential.Node.Grants);

        Assert.Contains("2 grant(s) withdrawn", await _folder.RestoreAsync(Week), StringComparison.Ordinal);

        await _folder.WhileServingAsync(async directory =>
        {
            Assert.Equal(["10.64.2.0/24"], directory.State.Member(_early.Id)!.Record.Grants.Select(grant => grant.Prefix));
            await AdoptAsync(directory, _lateCredential);
            Assert.Empty(directory.State.Member(_late.Id)!.Record.Grants);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Address_TakenSinceTheBackup_StaysTaken_AndRests(bool damaged)
    {
        await DecideAsync(damaged, draft => FurtherAddresses.Remove(draft, draft.State.Member(_early.Id)!.Record, Kept, TestMesh.Now, TestMesh.Now + 86_400));

        Assert.Contains("1 further address(es) taken", await _folder.RestoreAsync(), StringComparison.Ordinal);

        await _folder.WhileServingAsync(async directory =>
        {
            var node = directory.State.Member(_early.Id)!.Record;
            Assert.Equal([Other], node.Further.Select(further => further.Address));
            Assert.Equal((Kept, TestMesh.Now + 86_400), (Assert.Single(node.Resting).Address, node.Resting[0].Until));
            var another = await EnrolAsync(directory, "another");
            Assert.Equal(RefusalReason.Taken, (await Assert.ThrowsAsync<RefusalException>(() =>
                ChangeAsync(directory, draft => FurtherAddresses.Add(draft, draft.State.Member(another.Id)!.Record, Kept, default, null)))).Reason);
        });
    }

    [Fact]
    public async Task Address_TakenAndGivenToAnotherSince_IsNobodysTwice()
    {
        var second = await SecondAsync();
        await DecideAsync(damaged: false,
            draft => FurtherAddresses.Remove(draft, draft.State.Member(_early.Id)!.Record, Kept, TestMesh.Now, TestMesh.Now),
            draft => FurtherAddresses.EndRests(draft, TestMesh.Now, _ => long.MaxValue),
            draft => FurtherAddresses.Add(draft, draft.State.Member(second.Id)!.Record, Kept, default, "now here"),
            draft => FurtherAddresses.Add(draft, draft.State.Member(second.Id)!.Record, "10.249.7.7", default, null));

        await _folder.RestoreAsync();

        var state = await _folder.StateAsync();
        Assert.Equal([Other], state.Member(_early.Id)!.Record.Further.Select(further => further.Address));
        Assert.Empty(state.Member(second.Id)!.Record.Further);
        // What was given since the backup is nobody's, and rests: the node may still announce it.
        Assert.Equal([Kept, "10.249.7.7"], state.Member(second.Id)!.Record.Resting.Select(resting => resting.Address));
        Assert.Equal(second.Id, state.Get<ClaimRecord>(StoreKeys.Address4(Kept))!.Node);
    }

    /// <summary>The other way round: who has it now is the elder member.</summary>
    [Fact]
    public async Task Address_TakenFromAYoungerAndGivenToAnElderSince_RestsWithThatOne()
    {
        var second = await SecondAsync("10.249.7.7");
        await DecideAsync(damaged: false,
            draft => FurtherAddresses.Remove(draft, draft.State.Member(second.Id)!.Record, "10.249.7.7", TestMesh.Now, TestMesh.Now),
            draft => FurtherAddresses.EndRests(draft, TestMesh.Now, _ => long.MaxValue),
            draft => FurtherAddresses.Add(draft, draft.State.Member(_early.Id)!.Record, "10.249.7.7", default, "now here"));

        await _folder.RestoreAsync();

        var state = await _folder.StateAsync();
        Assert.Empty(state.Member(second.Id)!.Record.Further);
        Assert.Equal(["10.249.7.7"], state.Member(_early.Id)!.Record.Resting.Select(resting => resting.Address));
        Assert.Equal(_early.Id, state.Get<ClaimRecord>(StoreKeys.Address4("10.249.7.7"))!.Node);
    }

    /// <summary>Its numbers rest, the further ones that it had last among them; what was taken from it before that is whose it is by now.</summary>
    [Fact]
    public async Task Addresses_OfANodeThatWasRemovedSince_RestAsItHadThem()
    {
        var second = await SecondAsync("10.249.7.7");
        await DecideAsync(damaged: false,
            draft => FurtherAddresses.Remove(draft, draft.State.Member(second.Id)!.Record, "10.249.7.7", TestMesh.Now, TestMesh.Now),
            draft => FurtherAddresses.EndRests(draft, TestMesh.Now, _ => long.MaxValue),
            draft => FurtherAddresses.Add(draft, draft.State.Member(second.Id)!.Record, "10.249.7.8", default, null),
            draft => FurtherAddresses.Add(draft, draft.State.Member(_early.Id)!.Record, "10.249.7.7", default, null),
            draft => Departure.Remove(draft, draft.State.Member(second.Id)!.Record, TestMesh.Now + 1_000_000));

        await _folder.RestoreAsync();

        var state = await _folder.StateAsync();
        Assert.Equal(second.Id, state.Get<ClaimRecord>(StoreKeys.Address4("10.249.7.8"))!.Node);
        Assert.Equal(_early.Id, state.Get<ClaimRecord>(StoreKeys.Address4("10.249.7.7"))!.Node);
        Assert.Equal(["10.249.7.7"], state.Member(_early.Id)!.Record.Resting.Select(resting => resting.Address));
    }

    [Fact]
    public async Task Addresses_OfTheBackup_AreThereAfterARestore()
    {
        await _folder.RestoreAsync();
        Assert.Equal([new StoredAddress(Kept, "mail relay"), new StoredAddress(Other, "")], (await _folder.StateAsync()).Member(_early.Id)!.Record.Further);
    }

    [Fact]
    public async Task Adoption_IsAsTheAdministratorSays()
    {
        var said = await _folder.RestoreAsync();
        Assert.Contains("must join again", said, StringComparison.Ordinal);
        Assert.Contains("(late)", said, StringComparison.Ordinal);
        await _folder.WhileServingAsync(async directory =>
            Assert.Equal(RefusalReason.NotAdmitted, (await Assert.ThrowsAsync<RefusalException>(() => AdoptAsync(directory, _lateCredential))).Reason));

        await _folder.RestoreAsync(Week);
        await _folder.WhileServingAsync(directory => AdoptAsync(directory, _lateCredential));
        Assert.Equal(TestMesh.Now, (await _folder.StateAsync()).Member(_late.Id)!.Record.Adopted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Adopted_AfterAFirstRestore_IsAdoptedAfterASecondOfTheSameBackup(bool damaged)
    {
        await _folder.RestoreAsync(Week);
        CredentialClaims renewed = null!;
        await _folder.WhileServingAsync(async directory =>
        {
            await AdoptAsync(directory, _lateCredential);
            renewed = CredentialOf(directory, _late);
        });
        if (damaged)
            _folder.Damage();

        await _folder.RestoreAsync(Week);

        await _folder.WhileServingAsync(directory => AdoptAsync(directory, renewed));
        Assert.NotNull((await _folder.StateAsync()).Member(_late.Id));
    }

    [Fact]
    public async Task StoreAndJournalLost_SaysWhatCannotBeKnown()
    {
        File.Delete(_folder.Paths.Store);
        File.Delete(_folder.Paths.Journal);
        var said = await _folder.RestoreAsync();
        Assert.Contains("which nodes were removed; which join tokens were revoked", said, StringComparison.Ordinal);
        Assert.Contains("there was no store here", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoreOfAnotherMesh_IsPutAside_AndSaysNothingAboutThisOne()
    {
        using var other = new StoreFolder();
        await other.InitAsync();
        await other.WhileServingAsync(async directory =>
        {
            await ChangeAsync(directory, draft => draft.Put(StoreKeys.Mesh, draft.State.Mesh with { StoreId = "another" }));
            var node = await EnrolAsync(directory, "early");
            await ChangeAsync(directory, draft => Departure.Remove(draft, node, 0));
        });
        File.Copy(_folder.Backup, other.Backup);

        Assert.Contains("another mesh's", await other.RestoreAsync(), StringComparison.Ordinal);
        Assert.NotNull((await other.StateAsync()).MemberByIdentity("early"));
    }

    [Fact]
    public async Task Journal_WithATornLine_IsReadWithoutIt_AndTheRestoreSaysSo()
    {
        await DecideAsync(damaged: true, draft => Departure.Remove(draft, draft.State.Member(_late.Id)!.Record, 0));
        await File.AppendAllTextAsync(_folder.Paths.Journal, "{\"key\":\"identity/x\",\"rec");

        Assert.Contains("1 damaged line(s)", await _folder.RestoreAsync(), StringComparison.Ordinal);
        Assert.NotNull((await _folder.StateAsync()).Identity("late")!.Refused);
    }

    [Fact]
    public async Task Journal_IsForItsOwnerAlone_AndHoldsTheDecisionWhenItIsAnswered()
    {
        await _folder.WhileServingAsync(async directory =>
        {
            await ChangeAsync(directory, draft => Departure.Remove(draft, draft.State.Member(_late.Id)!.Record, 0));
            Assert.NotNull(RefusalJournal.Read(_folder.Paths.Journal).State.Identity("late")!.Refused);
        });
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Paths.Journal));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("0s")]
    [InlineData("1000d")]
    public void Adopt_NoSuchDuration_IsRefused(string text) => Assert.Contains("adopt", Assert.Throws<ConfigException>(() => ConfigReader.ReadAdoption(text)).Message, StringComparison.Ordinal);

    /// <summary>Another member in the backup, with a further address or without.</summary>
    private async Task<StoredNode> SecondAsync(string? address = null)
    {
        StoredNode second = null!;
        await _folder.WhileServingAsync(async directory =>
        {
            second = await EnrolAsync(directory, "second");
            if (address is not null)
                await ChangeAsync(directory, draft => FurtherAddresses.Add(draft, draft.State.Member(second.Id)!.Record, address, default, null));
            StoreBackup.Write(_folder.Paths.Store, _folder.Backup + "2");
        });
        File.Move(_folder.Backup + "2", _folder.Backup, overwrite: true);
        return second;
    }

    private async Task DecideAsync(bool damaged, params Action<Draft>[] decisions)
    {
        await _folder.WhileServingAsync(async directory =>
        {
            foreach (var decision in decisions)
                await ChangeAsync(directory, decision);
        });
        if (damaged)
            _folder.Damage();
    }
}
