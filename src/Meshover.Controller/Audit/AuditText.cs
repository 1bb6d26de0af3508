using System.Collections.Immutable;
using System.Globalization;
using Meshover.Controller.Identity;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Audit;

/// <summary>What a transaction changes, in words. Pure. Secrets are named by their ids or fingerprints, never shown.</summary>
internal static class AuditText
{
    private const int Longest = 300; // of a description, in characters
    private const int MostSubjects = 3;
    private const int MostNodes = 64;
    private const string HostName = "hostname";
    private const string GrantList = "grants";
    private const string TagList = "tags";

    /// <param name="state">Before the writes.</param>
    /// <param name="writes">All of the transaction.</param>
    public static ChangeText Of(MeshState state, IReadOnlyList<StoreWrite> writes)
    {
        var parts = writes.SelectMany(write => Compare(state, write)).ToList();
        var subjects = parts.GroupBy(part => part.Subject).ToList();
        var shown = subjects.Take(MostSubjects).Select(subject => new Told(NameOf(state, subject), [.. subject])).ToList();
        var about = subjects.Count == 0 ? StoreKeys.FolderOf(writes[0].Key)
            : string.Join(", ", shown.Select(subject => subject.Name)) + (subjects.Count > MostSubjects ? $" and {subjects.Count - MostSubjects} more" : "");
        return new ChangeText(about, Describe(shown, part => part.Before), Describe(shown, part => part.After),
            [.. subjects.Select(subject => subject.Key.Node).OfType<uint>().Take(MostNodes)]);
    }

    private static string Describe(List<Told> subjects, Func<Part, string> side)
    {
        var texts = subjects
            .Select(subject => (subject.Name, Text: string.Join("; ", subject.Parts.Where(part => side(part).Length > 0).Select(part => $"{part.Name} {side(part)}"))))
            .Where(subject => subject.Text.Length > 0);
        var text = string.Join(" | ", texts.Select(said => subjects.Count == 1 ? said.Text : $"{said.Name}: {said.Text}"));
        return text.Length <= Longest ? text : text[..Longest] + "…";
    }

    // A node that joins is in no state yet, and in several records of the transaction.
    private static string NameOf(MeshState state, IGrouping<Subject, Part> subject)
    {
        if (subject.Key.Node is not { } id)
            return subject.Key.Name;
        var name = subject.Where(part => part is { Name: HostName, After.Length: > 0 }).Select(part => part.After).FirstOrDefault()
            ?? state.Nodes.GetValueOrDefault(id)?.Record.HostName;
        return name is null ? $"node {id}" : $"node {id} ({name})";
    }

    // Names and numbers that are taken, and counters, follow from what they are taken for.
    private static IEnumerable<Part> Compare(MeshState state, StoreWrite write)
    {
        // What was ended or ordered before is another matter.
        var before = write.Key == StoreKeys.Ended || StoreKeys.FolderOf(write.Key) == StoreKeys.OrderFolder ? null : state.Get<object>(write.Key);
        var after = write.Value is { } value ? RecordJson.Read(write.Key, value.Span) : null;
        if (SubjectOf(write.Key, after ?? before) is not { } subject)
            return [];
        var (old, present) = (PartsOf(before), PartsOf(after));
        return old.Keys.Union(present.Keys)
            .Select(name => Difference(subject, name, old.GetValueOrDefault(name, ""), present.GetValueOrDefault(name, "")))
            .Where(part => part.Before != part.After);
    }

    // Of a long list only what goes and what comes would be found in it.
    private static Part Difference(Subject subject, string name, string before, string after)
    {
        if (name is not (GrantList or TagList) || before.Length == 0 || after.Length == 0)
            return new Part(subject, name, before, after);
        var (old, present) = (before.Split(' '), after.Split(' '));
        return new Part(subject, name, string.Join(" ", old.Except(present)), string.Join(" ", present.Except(old)));
    }

    private static Subject? SubjectOf(string key, object? record) => record switch
    {
        StoredNode node => new("node", node.Id),
        ReachRecord => new("node", (uint)StoreKeys.NumberOf(key)),
        OrderRecord => new("node", (uint)StoreKeys.NumberOf(key)),
        SessionsEndedRecord ended => new($"console sessions of {ended.Who}", null),
        IdentityRecord identity => new("node", identity.Node),
        TokenRecord token => new($"token {token.Id}", null),
        ConsoleTokenRecord token => new($"console token {token.Id} ({token.Name})", null),
        MeshRecord => new("mesh", null),
        SecretRecord => new("keys", null),
        _ => null,
    };

    private static Dictionary<string, string> PartsOf(object? record) => (record switch
    {
        StoredNode node => PartsOf(node),
        ReachRecord reach => PartsOf(reach),
        OrderRecord order => [("order", order.Order), ("ordered", Time(order.Time)), ("refused", order.Refused ?? "")],
        SessionsEndedRecord ended => [("ended", $"{ended.Count}"), ("at", Time(ended.Time))],
        IdentityRecord identity => [("refused", Yes(identity.Refused is not null))],
        TokenRecord token => PartsOf(token),
        ConsoleTokenRecord token =>
        [
            ("role", token.Role), ("expires", Time(token.Expires)), ("once", Yes(token.Once)), ("used", Yes(token.IsUsed)), ("revoked", Yes(token.Revoked)),
        ],
        MeshRecord mesh => PartsOf(mesh),
        SecretRecord secret => PartsOf(secret),
        _ => Enumerable.Empty<(string, string)>(),
    }).ToDictionary(StringComparer.Ordinal);

    private static IEnumerable<(string, string)> PartsOf(StoredNode node) =>
    [
        ("standing", node.Standing.ToString()), (HostName, node.HostName), ("IPv4", node.Address4), ("IPv6", node.Address6),
        ("AS", $"{node.Asn}"), (TagList, string.Join(" ", node.Tags)), (GrantList, Grants(node.Grants)),
        ("WireGuard keys", string.Join(" ", node.WireGuardKeys.Select(Short))), ("adopted", Time(node.Adopted)), ("rests until", Time(node.RestsUntil)),
        ("departed", Time(node.Departed)),
        .. node.Further.Select(further => ($"address {further.Address}", further.Note.Length > 0 ? $"\"{further.Note}\"" : "without a note")),
        .. node.Resting.Select(resting => ($"rest of {resting.Address}", $"until {Time(resting.Until)}")),
    ];

    private static IEnumerable<(string, string)> PartsOf(ReachRecord reach) =>
    [
        ("transit", Yes(reach.Transit)), ("behind NAT", Yes(reach.BehindNat)), ("site", reach.Site),
        ("MTU", reach.UnderlayMtu == 0 ? "" : $"{reach.UnderlayMtu}"), ("role", reach.Role == TransitRole.Auto ? "" : $"{reach.Role}"),
        ("gathers", reach.Gathers is { } gathers ? $"{string.Join(" ", gathers.Prefixes)} priority {gathers.Priority}{(gathers.Failing ? " failing" : "")}" : ""),
        ("draining", Yes(reach.Draining)),
        ("endpoints", string.Join(" ", reach.Endpoints.Select(endpoint => $"{endpoint.Address} port {endpoint.Port}"))),
    ];

    private static IEnumerable<(string, string)> PartsOf(TokenRecord token) =>
    [
        ("expires", Time(token.Expires)), ("uses", token.Uses == TokenRecord.Unlimited ? "unlimited" : $"{token.Uses}"), ("used", $"{token.Used}"),
        (TagList, string.Join(" ", token.Tags)), (GrantList, Grants(token.Grants)), ("replace", Yes(token.Replace)), ("hostnames", string.Join(" ", token.HostNames)), ("revoked", Yes(token.Revoked)),
    ];

    private static IEnumerable<(string, string)> PartsOf(MeshRecord mesh) =>
    [
        ("store", Short(mesh.StoreId)), ("pools", $"{mesh.Pool4} {mesh.Pool6} {mesh.TunnelPool}"), ("workload pools", $"{mesh.WorkloadPool4} {mesh.WorkloadPool6}".Trim()), ("AS", $"{mesh.AsnFirst}-{mesh.AsnLast}"),
        ("controllers", string.Join(" ", mesh.Controllers)), ("pins", string.Join(" ", mesh.CaPins.Select(Short))),
    ];

    private static IEnumerable<(string, string)> PartsOf(SecretRecord secret) =>
    [
        ("signing key", secret.SigningKeyId), ("former keys", string.Join(" ", secret.FormerKeys.Select(key => key.Id))),
        ("authority", Short(CertificateAuthority.PinOf(secret))),
        ("next authority", secret.NextCa is { } next ? Short(CertificateAuthority.PinOf(next.Certificate)) : ""),
    ];

    private static string Grants(ImmutableArray<StoredGrant> grants) => string.Join(" ", grants.Select(grant => GrantText.Write(grant) + (grant.Pin ? "-pinned" : "") + (grant.Gather ? "-gather" : "") + (grant.Assigned ? "-assigned" : "") + (grant.Name is { } name ? $"-named-{name}" : "")));

    private static string Yes(bool holds) => holds ? "yes" : "";

    private static string Time(long seconds) => seconds == 0 ? "" : DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("u", CultureInfo.InvariantCulture);

    private static string Short(string text) => text.Length <= 8 ? text : text[..8];

    private sealed record Subject(string Name, uint? Node);

    private sealed record Told(string Name, ImmutableArray<Part> Parts);

    private readonly record struct Part(Subject Subject, string Name, string Before, string After);
}

/// <summary>A change in words.</summary>
/// <param name="Object">What is changed, e.g. <c>node 7 (web-1)</c>.</param>
/// <param name="Before">What it was, as far as it changes; empty: it is new.</param>
/// <param name="After">What it becomes; empty: it is gone.</param>
/// <param name="Nodes">Whom it concerns, by id.</param>
internal sealed record ChangeText(string Object, string Before, string After, ImmutableArray<uint> Nodes);
