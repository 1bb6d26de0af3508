using Meshover.Controller.Backups;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class AdoptionTests
{
    private const long SevenDays = 7 * 86_400;

    private readonly TestMesh _restored = new();
    private readonly StoredNode _node;
    private readonly CredentialClaims _credential;

    public AdoptionTests()
    {
        // The backup is the mesh as it is now; then a node enrols that the backup does not have.
        var backup = _restored.State;
        var live = new TestMesh();
        _node = live.Enrol("late");
        _credential = new CredentialClaims { StoreId = "store-1", Revision = backup.Revision + 1, Expires = TestMesh.Now, Node = _node };
        _restored.Change(draft => StoreRestore.Renew(draft, MeshState.Empty, TestMesh.Now + SevenDays));
    }

    [Fact]
    public void Restore_MakesANewStoreIdAndJumpsAhead()
    {
        Assert.NotEqual("store-1", _restored.State.Mesh.StoreId);
        Assert.Equal(1u + Allocator.RestoreJump, _restored.State.Allocation.NextId);
        Assert.NotEqual(_node.Address4, _restored.Enrol("newcomer").Address4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(SevenDays)]
    public void Adopt_WithinTheTimeThatTheAdministratorSaid_GivesTheNumbersBack_ExpiredOrNot(long after)
    {
        _restored.Change(draft => Adoption.Adopt(draft, _credential, TestMesh.Now + after));

        var member = _restored.State.MemberByIdentity("late")!.Record;
        Assert.Equal((_node.Id, _node.Address4, _node.Address6, _node.TunnelAddress, _node.Asn),
            (member.Id, member.Address4, member.Address6, member.TunnelAddress, member.Asn));
        Assert.True(_restored.State.Allocation.NextId > member.Id);
        Assert.Equal(TestMesh.Now + after, member.Adopted);
    }

    [Fact]
    public void Adopt_AfterThatTime_IsRefused() => Refused(RefusalReason.NotAdmitted, _credential, TestMesh.Now + SevenDays + 1);

    [Fact]
    public void Adopt_CredentialFromBeforeTheBackup_IsRefused() =>
        Refused(RefusalReason.NotAdmitted, _credential with { Revision = _credential.Revision - 1 }, TestMesh.Now);

    [Fact]
    public void Adopt_CredentialOfAnotherStore_IsRefused() => Refused(RefusalReason.NotAdmitted, _credential with { StoreId = "other" }, TestMesh.Now);

    [Fact]
    public void Adopt_RemovedIdentity_StaysOut()
    {
        _restored.Change(draft => draft.Put(StoreKeys.Identity("late"), new IdentityRecord(1, "removed")));
        Refused(RefusalReason.IdentityRefused, _credential, TestMesh.Now);
    }

    [Fact]
    public void Adopt_NumberThatWentToAnother_IsRefused()
    {
        _restored.Change(draft => draft.Put(StoreKeys.Tunnel(_node.TunnelAddress), new ClaimRecord(4242)));
        Refused(RefusalReason.Taken, _credential, TestMesh.Now);
    }

    [Fact]
    public void Adopt_AfterTwoRestores_StillKnowsTheFirstStore()
    {
        _restored.Change(draft => StoreRestore.Renew(draft, MeshState.Empty, TestMesh.Now + SevenDays));
        _restored.Change(draft => Adoption.Adopt(draft, _credential, TestMesh.Now));
        Assert.NotNull(_restored.State.MemberByIdentity("late"));
    }

    private void Refused(RefusalReason reason, CredentialClaims credential, long now) => Assert.Equal(reason,
        Assert.Throws<RefusalException>(() => _restored.Change(draft => Adoption.Adopt(draft, credential, now))).Reason);
}
