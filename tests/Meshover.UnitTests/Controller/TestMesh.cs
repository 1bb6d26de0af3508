using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.WireGuard.Keys;

namespace Meshover.UnitTests.Controller;

/// <summary>A mesh whose changes are applied at once, without a store.</summary>
internal sealed class TestMesh
{
    public const long Now = 1_800_000_000;
    public const long Skew = 300;

    public TestMesh(string pool4 = "10.249.0.0/16", string tunnelPool = "198.18.0.0/15")
    {
        Change(draft => draft.Put(StoreKeys.Mesh, new MeshRecord
        {
            StoreId = "store-1",
            Pool4 = pool4,
            Pool6 = "fd00:1::/48",
            TunnelPool = tunnelPool,
            AsnFirst = 4_200_000_000,
            AsnLast = 4_294_967_294,
            Controllers = ["192.0.2.1:12913"],
            CaPins = ["pin"],
        }));
    }

    public MeshState State { get; private set; } = MeshState.Empty;

    public static JoinTokenClaims Token(uint uses = TokenRecord.Unlimited, string id = "token", bool replace = false) =>
        new() { Id = id, Created = Now, Expires = Now + 3600, Uses = uses, Replace = replace };

    public void Change(Action<Draft> change)
    {
        var draft = new Draft(State);
        change(draft);
        var revision = State.Revision + 1;
        State = State.Apply(draft.ToTransaction().Writes.Select(write => new StoreChange(revision, write.Key, write.Value)), revision);
    }

    /// <summary>What another release wrote.</summary>
    public void Write(StoreWrite write) =>
        State = State.Apply([new StoreChange(State.Revision + 1, write.Key, write.Value)], State.Revision + 1);

    /// <summary>Enrols the identity under the name, with a token that the mesh has made; its WireGuard key is made of the identity.</summary>
    public StoredNode Enrol(string identity, string? hostName = null, JoinTokenClaims? token = null, long now = Now)
    {
        token ??= Token();
        if (State.Token(token.Id) is null)
            Change(draft => TokenRules.Create(draft, token));
        return EnrolWith(token, identity, hostName, now);
    }

    /// <summary>The same with a token that the store need not know.</summary>
    public StoredNode EnrolWith(JoinTokenClaims token, string identity, string? hostName = null, long now = Now)
    {
        StoredNode? node = null;
        Change(draft => node = Enrolment.Enrol(draft, new EnrolmentRequest
        {
            Identity = identity,
            HostName = hostName ?? identity,
            WireGuardKey = KeyOf(identity),
            Token = token,
        }, now, Skew));
        return node!;
    }

    public void Remove(StoredNode node, long restsUntil = Now + 86_400) => Change(draft => Departure.Remove(draft, node, restsUntil));

    public static string KeyOf(string identity)
    {
        var bytes = new byte[32];
        System.Text.Encoding.UTF8.GetBytes(identity).AsSpan(0, Math.Min(32, identity.Length)).CopyTo(bytes);
        return Convert.ToBase64String(bytes);
    }
}
