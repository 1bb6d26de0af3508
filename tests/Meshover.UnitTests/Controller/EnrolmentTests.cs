using CsCheck;
using Meshover.Controller.Backups;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.WireGuard.Keys;
using Xunit;

namespace Meshover.UnitTests.Controller;

public sealed class EnrolmentTests
{
    private readonly TestMesh _mesh = new();

    [Fact]
    public void Enrol_Twice_ChangesNothingAndCountsOneUse()
    {
        var first = _mesh.Enrol("a", token: TestMesh.Token(uses: 1));
        var revision = _mesh.State.ModifiedOf(StoreKeys.Node(first.Id));

        var second = _mesh.Enrol("a", token: TestMesh.Token(uses: 1));

        Assert.Equal(first, second, RecordComparer.Instance);
        Assert.Equal(revision, _mesh.State.ModifiedOf(StoreKeys.Node(first.Id)));
        Assert.Equal(1u, _mesh.State.Token("token")!.Used);
    }

    /// <summary>With and without the zone they are one name in DNS.</summary>
    [Theory]
    [InlineData("shop", "shop")]
    [InlineData("shop", "shop.mesh")]
    [InlineData("shop.mesh", "shop")]
    public void NameOfAnAddress_IsNoNodes_NorANodesAnAddress(string one, string other)
    {
        var holder = _mesh.Enrol("a");
        _mesh.Change(draft => GrantRules.Add(draft, holder, new StoredGrant("10.9.0.1/32", 32) { Name = one }));
        Refused(RefusalReason.Taken, "is the name of an address", () => _mesh.Enrol("b", hostName: other));

        var mesh = new TestMesh();
        mesh.Enrol("a", hostName: one);
        var second = mesh.Enrol("b");
        Refused(RefusalReason.Precondition, "is the name of a node", () => mesh.Change(draft => GrantRules.Add(draft, second, new StoredGrant("10.9.0.1/32", 32) { Name = other })));
    }

    /// <summary>The zone is not put behind a name twice.</summary>
    [Theory]
    [InlineData("db.mesh", "db.mesh.mesh")]
    [InlineData("db.mesh.mesh", "db.mesh")]
    [InlineData("db", "db.mesh.mesh")]
    public void NameOfANode_ThatEndsInTheZoneTwice_IsNoOthers(string one, string other)
    {
        _mesh.Enrol("a", hostName: one);
        Assert.Equal(other, _mesh.Enrol("b", hostName: other).HostName);
    }

    /// <summary>With and without the zone they are one name in DNS.</summary>
    [Theory]
    [InlineData("db", "db.mesh")]
    [InlineData("db.mesh", "db")]
    public void NameOfANode_IsNoOthers_WithOrWithoutTheZone(string one, string other)
    {
        var first = _mesh.Enrol("a", hostName: one);
        Refused(RefusalReason.Taken, $"\"{other}\" and \"{one}\" are one name in DNS", () => _mesh.Enrol("b", hostName: other));
        var second = _mesh.Enrol("b", hostName: "db2");
        Refused(RefusalReason.Taken, "are one name in DNS", () => _mesh.Change(draft => Enrolment.Rename(draft, second, other)));

        _mesh.Change(draft => first = Enrolment.Rename(draft, first, other)); // its own
        Assert.Equal(other, first.HostName);
        Refused(RefusalReason.Taken, "are one name in DNS", () => _mesh.Enrol("c", hostName: one));
    }

    /// <summary>Of a store in which an older release let both in.</summary>
    [Fact]
    public void NodesOfOneNameInDns_ThatAreMembers_StayThem()
    {
        var one = _mesh.Enrol("a", hostName: "db");
        var other = _mesh.Enrol("b", hostName: "db2");
        _mesh.Change(draft =>
        {
            draft.Delete(StoreKeys.HostName("db2"));
            draft.Put(StoreKeys.HostName("db.mesh"), new ClaimRecord(other.Id));
            draft.Put(StoreKeys.Node(other.Id), other = other with { HostName = "db.mesh" });
        });
        Assert.Equal(one.Id, _mesh.Enrol("a", hostName: "db").Id);
        Assert.Equal(other, _mesh.Enrol("b", hostName: "db.mesh"), RecordComparer.Instance);
        Assert.Equal(one.Address4, _mesh.Enrol("c", hostName: "db", token: TestMesh.Token(id: "again", replace: true)).Address4);
        _mesh.Change(draft => other = Enrolment.Rename(draft, other, "db3"));
        Assert.Equal("db3", other.HostName);
    }

    [Fact]
    public void Enrol_TokenUsedUp_RefusesTheNextIdentity()
    {
        _mesh.Enrol("a", token: TestMesh.Token(uses: 1));
        Refused(RefusalReason.NotAdmitted, "used up", () => _mesh.Enrol("b", token: TestMesh.Token(uses: 1)));
    }

    [Theory]
    [InlineData(3600 + TestMesh.Skew, true)]
    [InlineData(3600 + TestMesh.Skew + 1, false)]
    [InlineData(-TestMesh.Skew, true)]
    [InlineData(-TestMesh.Skew - 1, false)]
    public void Enrol_TokensTimes_AreHeldWithFiveMinutesToSpare(long offset, bool admitted)
    {
        void Enrol() => _mesh.Enrol("a", now: TestMesh.Now + offset);
        if (admitted)
            Enrol();
        else
            Assert.Equal(RefusalReason.NotAdmitted, Assert.Throws<RefusalException>(Enrol).Reason);
    }

    [Fact]
    public void Enrol_TokenThatTheStoreForgotByARestore_IsTakenByItsOwnClaims()
    {
        var token = TestMesh.Token(uses: 1, id: "made after the backup");
        _mesh.Change(draft => StoreRestore.Renew(draft, MeshState.Empty, adoptUntil: TestMesh.Now + 100));

        _mesh.EnrolWith(token, "a", now: TestMesh.Now + 100);

        Assert.Equal(1u, _mesh.State.Token(token.Id)!.Used);
        Refused(RefusalReason.NotAdmitted, "token create", () => _mesh.EnrolWith(token with { Id = "another" }, "b", now: TestMesh.Now + 101));
    }

    [Fact]
    public void Enrol_RevokedTokenThatWasForgottenWhileTheClockWasWrong_StaysWorthless()
    {
        _mesh.Change(draft => TokenRules.Create(draft, TestMesh.Token()));
        _mesh.Change(draft => TokenRules.Revoke(draft, "token"));
        _mesh.Change(draft => TokenRules.ForgetExpired(draft, TestMesh.Now + (365 * 86_400)));
        Assert.Null(_mesh.State.Token("token"));

        Refused(RefusalReason.NotAdmitted, "token create", () => _mesh.EnrolWith(TestMesh.Token(), "a"));
    }

    [Fact]
    public void Enrol_HostnameOfAnother_IsRefusedWithTheWayOut()
    {
        _mesh.Enrol("a", "web");
        Refused(RefusalReason.Taken, "meshover node remove web", () => _mesh.Enrol("b", "web"));
    }

    [Fact]
    public void Enrol_HostnameOfAnotherWithAReplacingToken_TakesItsNumbersAndRefusesTheFormerOwner()
    {
        var old = _mesh.Enrol("a", "web");
        var replaced = _mesh.Enrol("b", "web", TestMesh.Token(replace: true, id: "replace"));

        Assert.Equal((old.Address4, old.Address6, old.TunnelAddress, old.Asn), (replaced.Address4, replaced.Address6, replaced.TunnelAddress, replaced.Asn));
        Assert.NotEqual(old.Id, replaced.Id);
        Assert.Null(_mesh.State.Member(old.Id));
        Refused(RefusalReason.IdentityRefused, "took over", () => _mesh.Enrol("a", "other"));
    }

    [Fact]
    public void Enrol_SameIdentityUnderAnotherName_IsARename()
    {
        var node = _mesh.Enrol("a", "old");
        var renamed = _mesh.Enrol("a", "new");

        Assert.Equal(node.Id, renamed.Id);
        Assert.Equal(node.Id, _mesh.State.MemberByHostName("new")!.Record.Id);
        Assert.Null(_mesh.State.MemberByHostName("old"));
    }

    [Fact]
    public void Enrol_WireGuardKeyOfAnother_IsRefused()
    {
        _mesh.Enrol("a");
        Refused(RefusalReason.Taken, "copied", () => _mesh.Change(draft => Enrolment.Enrol(draft, new EnrolmentRequest
        {
            Identity = "b",
            HostName = "b",
            WireGuardKey = TestMesh.KeyOf("a"),
            Token = TestMesh.Token(),
        }, TestMesh.Now, TestMesh.Skew)));
    }

    [Fact]
    public void Update_TwoKeys_AreBothTheNodesAndAreFreeOnceGivenUp()
    {
        var node = _mesh.Enrol("a");
        var (first, second) = (node.WireGuardKeys[0], TestMesh.KeyOf("second of a"));

        _mesh.Change(draft => node = Enrolment.Update(draft, node, "a", [second, first]));
        Assert.Equal([second, first], _mesh.State.Member(node.Id)!.Record.WireGuardKeys);
        Refused(RefusalReason.Taken, "copied", () => _mesh.Enrol("second of a"));
        Refused(RefusalReason.Taken, "copied", () => _mesh.Change(draft => Enrolment.Update(draft, _mesh.Enrol("b"), "b", [TestMesh.KeyOf("b"), first])));
        Assert.Equal([second, first], _mesh.Enrol("a").WireGuardKeys);

        _mesh.Change(draft => Enrolment.Update(draft, node, "a", [second]));
        _mesh.Change(draft => Enrolment.Update(draft, _mesh.State.MemberByHostName("b")!.Record, "b", [first]));
        Assert.Equal([first], _mesh.State.MemberByHostName("b")!.Record.WireGuardKeys);
    }

    [Fact]
    public void Remove_RefusesTheIdentity_FreesTheName_AndRestsTheNumbers()
    {
        var node = _mesh.Enrol("a", "web");
        _mesh.Remove(node);

        Refused(RefusalReason.IdentityRefused, $"node allow {node.Id}", () => _mesh.Enrol("a", "web"));
        Assert.NotEqual(node.Address4, _mesh.Enrol("b", "web").Address4);
    }

    [Fact]
    public void Remove_AfterTheRest_NumbersAreFree()
    {
        var mesh = new TestMesh(pool4: "10.0.0.0/30");
        var first = mesh.Enrol("a");
        mesh.Enrol("b");
        mesh.Remove(first, restsUntil: TestMesh.Now + 100);

        Refused(RefusalReason.PoolExhausted, "10.0.0.0/30", () => mesh.Enrol("c"));
        mesh.Change(draft => Departure.EndRests(draft, TestMesh.Now + 99));
        Refused(RefusalReason.PoolExhausted, "10.0.0.0/30", () => mesh.Enrol("c"));
        mesh.Change(draft => Departure.EndRests(draft, TestMesh.Now + 100));
        Assert.Equal(first.Address4, mesh.Enrol("c").Address4);
    }

    [Fact]
    public void Allow_LetsTheIdentityBackInWithItsNumbers_AndCountsNoSecondUse()
    {
        var node = _mesh.Enrol("a", token: TestMesh.Token(uses: 1));
        _mesh.Remove(node);
        _mesh.Change(draft => Departure.Allow(draft, node));

        var back = _mesh.Enrol("a", token: TestMesh.Token(uses: 1));

        Assert.Equal(node.Address4, back.Address4);
        Assert.NotEqual(node.Id, back.Id);
        Assert.Equal(1u, _mesh.State.Token("token")!.Used);
    }

    [Fact]
    public void Leave_FreesNameAndNumbersAtOnce()
    {
        var mesh = new TestMesh(pool4: "10.0.0.0/30");
        var node = mesh.Enrol("a", "web");
        mesh.Enrol("b");
        mesh.Change(draft => Departure.Leave(draft, node));

        Assert.Equal(node.Address4, mesh.Enrol("c", "web").Address4);
    }

    /// <summary>Whatever members do, no two hold one name or number, and no id is given twice.</summary>
    [Fact]
    public void AnySequenceOfChanges_GivesNothingTwice() => Gen.Select(Gen.Int[0, 4], Gen.Int[0, 7], Gen.Int[0, 7]).Array[1, 40].Sample(steps =>
    {
        var mesh = new TestMesh(pool4: "10.0.0.0/29", tunnelPool: "198.18.0.0/28");
        var owners = new Dictionary<uint, string>();
        foreach (var (action, identity, name) in steps)
        {
            Step(mesh, action, identity, name);
            foreach (var (id, node) in mesh.State.Nodes)
                Assert.Equal(node.Record.Identity, owners.TryGetValue(id, out var owner) ? owner : owners[id] = node.Record.Identity);
        }
        var members = mesh.State.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record).ToList();
        AllDiffer(members, node => node.HostName);
        AllDiffer(members, node => node.Identity);
        AllDiffer(members, node => node.Address4);
        AllDiffer(members, node => node.Address6);
        AllDiffer(members, node => node.TunnelAddress);
        AllDiffer(members, node => node.Asn);
        Assert.All(members, node => Assert.All(StoreKeys.Numbers(node), key => Assert.Equal(node.Id, mesh.State.Get<ClaimRecord>(key)!.Node)));
    });

    private static void Step(TestMesh mesh, int action, int identity, int name)
    {
        var member = mesh.State.MemberByIdentity($"id{identity}")?.Record;
        try
        {
            switch (action)
            {
                case 0:
                    mesh.Enrol($"id{identity}", $"n{name}");
                    break;
                case 1:
                    mesh.Enrol($"id{identity}", $"n{name}", TestMesh.Token(replace: true, id: "replace"));
                    break;
                case 2 when member is not null:
                    mesh.Remove(member, TestMesh.Now + name);
                    break;
                case 3 when member is not null:
                    mesh.Change(draft => Departure.Leave(draft, member));
                    break;
                case 4 when mesh.State.Identity($"id{identity}") is { Refused: not null } refused:
                    mesh.Change(draft => Departure.Allow(draft, mesh.State.Nodes[refused.Node].Record));
                    mesh.Change(draft => Departure.EndRests(draft, TestMesh.Now + name));
                    break;
            }
        }
        catch (RefusalException)
        {
            // Refusing is always allowed.
        }
    }

    private static void AllDiffer<T>(List<StoredNode> nodes, Func<StoredNode, T> select) => Assert.Equal(nodes.Count, nodes.Select(select).Distinct().Count());

    private static void Refused(RefusalReason reason, string wayOut, Action action)
    {
        var refusal = Assert.Throws<RefusalException>(action);
        Assert.Equal(reason, refusal.Reason);
        Assert.Contains(wayOut, refusal.Message, StringComparison.Ordinal);
    }

    private sealed class RecordComparer : IEqualityComparer<StoredNode>
    {
        public static readonly RecordComparer Instance = new();

        public bool Equals(StoredNode? x, StoredNode? y) => RecordJson.Write(x!).AsSpan().SequenceEqual(RecordJson.Write(y!));

        public int GetHashCode(StoredNode node) => (int)node.Id;
    }
}
