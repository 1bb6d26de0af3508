using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Meshover.Mesh.Map;

namespace Meshover.Controller.State;

// What the store holds, as JSON. Members are only ever added, and who rewrites a record takes along what it does not know
// (StoredRecord). Times are seconds since 1970.

/// <summary>The mesh as a whole: <c>mesh</c>.</summary>
internal sealed record MeshRecord : StoredRecord
{
    /// <summary>Names this store; a restored backup has a new one.</summary>
    public required string StoreId { get; init; }
    public required string Pool4 { get; init; }
    public required string Pool6 { get; init; }
    public required string TunnelPool { get; init; }

    /// <summary>Of these the nodes that wish for a prefix of their own get one; null: there is no such pool.</summary>
    public string? WorkloadPool4 { get; init; }
    public string? WorkloadPool6 { get; init; }
    public required uint AsnFirst { get; init; }
    public required uint AsnLast { get; init; }

    /// <summary><c>host:port</c> of every controller.</summary>
    public required ImmutableArray<string> Controllers { get; init; }
    public required ImmutableArray<string> CaPins { get; init; }

    /// <summary>The stores that this one was restored from, newest last.</summary>
    public ImmutableArray<AncestorRecord> Ancestors { get; init; } = [];
}

/// <summary>A store whose backup became this one.</summary>
/// <param name="StoreId">Its name.</param>
/// <param name="Revision">The newest revision in the backup: credentials of a later one are unknown to the backup.</param>
/// <param name="AdoptUntil">Until when those are adopted; 0: an administrator did not say that they should be.</param>
internal sealed record AncestorRecord(string StoreId, long Revision, long AdoptUntil) : StoredRecord;

/// <summary>The CA and the signing keys: <c>secret</c>. PKCS#8 and X.509 in PEM.</summary>
internal sealed record SecretRecord : StoredRecord
{
    public required string CaKey { get; init; }
    public required string CaCertificate { get; init; }
    public required string SigningKey { get; init; }

    /// <summary>The authority that will take this one's place: told to the nodes already, and not in use yet. Null: there is none.</summary>
    public AuthorityRecord? NextCa { get; init; }

    /// <summary>Names it in the head of what it signs ("kid").</summary>
    public string SigningKeyId { get; init; } = "1";

    /// <summary>Those that it took the place of, while something that they signed is still good.</summary>
    public ImmutableArray<FormerKeyRecord> FormerKeys { get; init; } = [];
}

/// <summary>A certificate authority; PEM.</summary>
internal sealed record AuthorityRecord(string Key, string Certificate) : StoredRecord;

/// <summary>A key that signs no more.</summary>
/// <param name="Id">As in the head of what it signed.</param>
/// <param name="PublicKey">PEM.</param>
/// <param name="Until">When the last of that has ended.</param>
internal sealed record FormerKeyRecord(string Id, string PublicKey, long Until) : StoredRecord;

/// <summary>Where allocation goes on: <c>allocation</c>.</summary>
/// <param name="NextId">The next node id; ids are never reused.</param>
/// <param name="NextNumber">Where in the pools the search for free numbers begins; it wraps.</param>
internal sealed record AllocationRecord(uint NextId, long NextNumber) : StoredRecord;

/// <summary>Up to where what is gone is forgotten (<see cref="Tombstones"/>): <c>floor</c>.</summary>
/// <param name="Revision">A map from before it cannot be told by a delta which of its objects are gone.</param>
internal sealed record FloorRecord(long Revision) : StoredRecord;

/// <summary>A granted prefix.</summary>
internal sealed record StoredGrant(string Prefix, int MaxLength) : StoredRecord
{
    /// <summary>Guarded also inside a prefix that is granted to somebody.</summary>
    public bool Pin { get; init; }

    /// <summary>Packets of a source in it may be gathered by its holder.</summary>
    public bool Gather { get; init; }

    /// <summary>Given out of the workload pool as the node wished.</summary>
    public bool Assigned { get; init; }

    /// <summary>What its one address is called; null: nothing.</summary>
    public string? Name { get; init; }
}

/// <summary>A node address beside the first of each family.</summary>
internal sealed record StoredAddress(string Address, string Note) : StoredRecord;

/// <summary>A further node address that was taken from its node: nobody gets it for a while, but the node itself.</summary>
/// <param name="Address">Its number is claimed by the node meanwhile.</param>
/// <param name="Until">When it is free at the earliest; seconds since 1970. It stays where the node was not heard since <paramref name="Taken"/>.</param>
/// <param name="Taken">When it was taken.</param>
internal sealed record RestingAddress(string Address, long Until, long Taken) : StoredRecord;

/// <summary>What became of a member.</summary>
internal enum NodeStanding
{
    Active,

    /// <summary>Removed by an administrator: its identity is refused, its numbers rest.</summary>
    Removed,

    /// <summary>Signed off, or took another's place: nothing is kept for it.</summary>
    Left,
}

/// <summary>A member of the mesh: <c>node/ID</c>. Kept for a while after its end (<see cref="DepartedNodes"/>), so that old maps learn of removals.</summary>
internal sealed record StoredNode : StoredRecord
{
    public required uint Id { get; init; }
    public required string HostName { get; init; }

    /// <summary>SHA-256 of the identity key's subject public key info, base64url.</summary>
    public required string Identity { get; init; }

    /// <summary>Base64; the first is preferred.</summary>
    public required ImmutableArray<string> WireGuardKeys { get; init; }
    public required string Address4 { get; init; }
    public required string Address6 { get; init; }
    public required string TunnelAddress { get; init; }
    public required uint Asn { get; init; }
    public ImmutableArray<string> Tags { get; init; } = [];
    public ImmutableArray<StoredGrant> Grants { get; init; } = [];

    // A record that an older release wrote has neither of these two.

    /// <summary>Node addresses beside the two.</summary>
    public ImmutableArray<StoredAddress> Further { get => field.IsDefault ? [] : field; init; } = [];

    /// <summary>Were such, and are nobody's.</summary>
    public ImmutableArray<RestingAddress> Resting { get => field.IsDefault ? [] : field; init; } = [];

    /// <summary>All its addresses in the form in which they are claimed; not those that rest.</summary>
    [JsonIgnore]
    public IEnumerable<string> Addresses => Further.Select(further => further.Address).Prepend(Address6).Prepend(Address4);
    public required long Enrolled { get; init; }
    public NodeStanding Standing { get; init; }

    /// <summary>What it was called before administrators renamed it, the last of them last; a few.</summary>
    public ImmutableArray<string> FormerNames { get; init; } = [];

    /// <summary>The store's revision when an administrator renamed it last: a map that is newer has its name.</summary>
    public long RenamedAfter { get; init; }

    /// <summary>When it came back after a restore by what its credential says; 0: the store has known it all the while.</summary>
    public long Adopted { get; init; }

    /// <summary>When a removed node's numbers may go to another; 0 once they are free.</summary>
    public long RestsUntil { get; init; }

    /// <summary>Since when it is known to be no member any more; 0: it is one, or that was not written down yet.</summary>
    public long Departed { get; init; }
}

/// <summary>Where a member is on the underlay, as everybody is told: <c>reach/ID</c>.</summary>
internal sealed record ReachRecord : StoredRecord
{
    public static readonly ReachRecord Unknown = new();

    public ImmutableArray<EndpointRecord> Endpoints { get; init; } = [];
    public bool BehindNat { get; init; }
    public bool Transit { get; init; }
    public string Site { get; init; } = "";

    /// <summary>Of its underlay, in bytes; 0: it does not tell.</summary>
    public int UnderlayMtu { get; init; }

    /// <summary>What it wants to gather, granted or not: the nodes hold it against the grants that they know. Null: nothing.</summary>
    public GatherRecord? Gathers { get; init; }

    /// <summary>It is to be left: no role goes to it.</summary>
    public bool Draining { get; init; }

    /// <summary>Its operator's wish; not told to others.</summary>
    public TransitRole Role { get; init; } = TransitRole.Auto;

    public bool Equals(ReachRecord? other) =>
        other is not null && BehindNat == other.BehindNat && Transit == other.Transit && Site == other.Site && Role == other.Role
        && UnderlayMtu == other.UnderlayMtu && Draining == other.Draining && Equals(Gathers, other.Gathers)
        && Endpoints.AsSpan().SequenceEqual(other.Endpoints.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Endpoints.Length, BehindNat, Transit, Site, Role);
}

/// <summary>Ranges that a member wants to gather.</summary>
internal sealed record GatherRecord(ImmutableArray<string> Prefixes, int Priority, bool Failing) : StoredRecord
{
    public bool Equals(GatherRecord? other) =>
        other is not null && Priority == other.Priority && Failing == other.Failing && Prefixes.AsSpan().SequenceEqual(other.Prefixes.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Prefixes.Length, Priority, Failing);
}

/// <summary>One endpoint; the kind's number is that of <see cref="Meshover.Mesh.Map.EndpointSource"/>.</summary>
internal sealed record EndpointRecord(string Address, int Port, int Kind) : StoredRecord;

/// <summary>Whose an identity key is: <c>identity/THUMBPRINT</c>.</summary>
/// <param name="Node">Its last node id.</param>
/// <param name="Refused">Why it may not come back; null where it may.</param>
internal sealed record IdentityRecord(uint Node, string? Refused) : StoredRecord;

/// <summary>What an administrator last ordered a node to do, which does it itself: <c>order/ID</c>. So the order stands in the audit.</summary>
/// <param name="Order">In a few words, e.g. drain.</param>
/// <param name="Time">When.</param>
internal sealed record OrderRecord(string Order, long Time) : StoredRecord
{
    /// <summary>Why it was not done; null: as far as is known it was.</summary>
    public string? Refused { get; init; }
}

/// <summary>Whose sessions of the console an administrator ended last: <c>ended</c>. Sessions themselves are in memory alone; so the end stands in the audit.</summary>
/// <param name="Who">A name, or a session's id.</param>
/// <param name="Count">How many.</param>
/// <param name="Time">When.</param>
internal sealed record SessionsEndedRecord(string Who, int Count, long Time) : StoredRecord
{
    private const int MostEarlier = 1_000;

    /// <summary>Longer than any session lasts, in seconds: what was ordered before that concerns nobody.</summary>
    private const long KeptFor = 25 * 3600;

    /// <summary>What was ordered before, of each name the last, the newest first: a console apart may hear of it only now. An older release wrote none (default).</summary>
    public ImmutableArray<SessionsEndOrder> Earlier { get; init; }

    /// <summary>The record of an order that follows these.</summary>
    public static SessionsEndedRecord After(SessionsEndedRecord? former, string who, int count, long now) => new(who, count, now)
    {
        Earlier = [.. (former?.Orders() ?? []).Where(order => order.Who != who && now - order.Time < KeptFor).Take(MostEarlier)],
    };

    /// <summary>With the last, the newest first.</summary>
    public IEnumerable<SessionsEndOrder> Orders()
    {
        ImmutableArray<SessionsEndOrder> earlier = Earlier.IsDefault ? [] : Earlier;
        return earlier.Prepend(new SessionsEndOrder(Who, Time));
    }
}

/// <summary>That all sessions end which are somebody's and began until then.</summary>
/// <param name="Who">A name, or a session's id.</param>
/// <param name="Time">When it was ordered.</param>
internal sealed record SessionsEndOrder(string Who, long Time) : StoredRecord;

/// <summary>
/// Prefixes that a member was granted and is no more: <c>withdrawn/ID</c>. After a restore it may show a credential that still names them.
/// </summary>
internal sealed record WithdrawnRecord(ImmutableArray<string> Prefixes) : StoredRecord
{
    /// <summary>Further node addresses that were taken from it, whether they rest or not. An older release wrote none.</summary>
    public ImmutableArray<string> Addresses { get => field.IsDefault ? [] : field; init; } = [];
}

/// <summary>Who has a name or a number: <c>hostname/…</c>, <c>address4/…</c>, <c>address6/…</c>, <c>tunnel/…</c>, <c>asn/…</c>, <c>wireguard/…</c>.</summary>
internal sealed record ClaimRecord(uint Node) : StoredRecord;

/// <summary>One change of the store, in its own transaction, whose revision is its own: <c>~audit/NUMBER</c>, <c>~routine/NUMBER</c>.</summary>
internal sealed record AuditRecord : StoredRecord
{
    public required long Time { get; init; }
    public required string Actor { get; init; }
    public required string Operation { get; init; }

    /// <summary>What was changed.</summary>
    public required string Object { get; init; }
    public required string Reason { get; init; }

    /// <summary>What of it changed, as it was; empty: it is new.</summary>
    public string Before { get; init; } = "";

    /// <summary>The same as it became; empty: it is gone.</summary>
    public string After { get; init; } = "";

    /// <summary>That made the change, in a store that was replaced by this one; 0: the entry's own did.</summary>
    public long Revision { get; init; }

    /// <summary>Whom it concerns.</summary>
    public ImmutableArray<uint> Nodes { get; init; } = [];
}

/// <summary>A join token: <c>token/ID</c>. The token itself is a JWT and is not kept.</summary>
internal sealed record TokenRecord : StoredRecord
{
    /// <summary>As <see cref="Uses"/>: no bound.</summary>
    public const uint Unlimited = uint.MaxValue;

    public required string Id { get; init; }
    public required long Created { get; init; }
    public required long Expires { get; init; }

    /// <summary>New identities that it admits.</summary>
    public required uint Uses { get; init; }
    public uint Used { get; init; }
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Given to each node that joins with it.</summary>
    public ImmutableArray<StoredGrant> Grants { get; init; } = [];

    /// <summary>It may take over a hostname that belongs to another identity.</summary>
    public bool Replace { get; init; }

    /// <summary>Patterns of the hostnames under which a new identity may join with it; empty: any.</summary>
    public ImmutableArray<string> HostNames { get; init; } = [];
    public bool Revoked { get; init; }
}
