using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Administration;

/// <summary>What administrators may ask for. Pure. Fields are named as in the contract.</summary>
internal static class AdminRules
{
    private const long LongestLifetime = 10L * 365 * 24 * 3600;
    private const int LongestTag = 63;
    private const int MostTags = 32;
    private const int MostGrants = 64;
    private const int LongestNode = 254; // a hostname and its final dot

    /// <exception cref="InvalidRequestException">With every violation.</exception>
    public static void Check(TokenWish wish, MeshRecord mesh)
    {
        var violations = new Violations();
        violations.Require(wish.LifetimeSeconds is >= 0 and <= LongestLifetime, "lifetime_seconds", "from 1 second to 10 years; 0 is 24 hours.");
        CheckTags(violations, "tags", wish.Tags);
        violations.Require(wish.Grants.Length <= MostGrants, "grants", $"{wish.Grants.Length} are too many (at most {MostGrants}).");
        violations.Require(wish.HostNames.Length <= HostNamePattern.Most, "hostnames", $"{wish.HostNames.Length} are too many (at most {HostNamePattern.Most}).");
        foreach (var pattern in wish.HostNames)
            violations.Require(HostNamePattern.IsPattern(pattern), "hostnames", $"{Violations.Quote(pattern)} is no pattern of hostnames (letters, digits, hyphens, dots, and * for any run of them).");
        for (var i = 0; i < wish.Grants.Length; i++)
        {
            Check(violations, $"grants[{i}]", wish.Grants[i], mesh);
            violations.Require(wish.Grants[i].Name.Length == 0, $"grants[{i}].name", "is nothing for a token, with which several nodes may join: name the address with `meshover grant add` (--name).");
        }
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckGrant(string node, GrantWish? grant, MeshRecord mesh)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        Check(violations, "grant", grant, mesh);
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckWithdrawal(string node, string prefix)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        if (!Prefixes.TryParse(prefix, out _, out var error))
            violations.Add("prefix", $"{error}.");
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckNode(string node)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckTags(string node, ImmutableArray<string> add, ImmutableArray<string> remove)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        CheckTags(violations, "add", add);
        CheckTags(violations, "remove", remove);
        violations.Require(add.Length + remove.Length > 0, "add", "is missing: name a tag to add or to remove.");
        violations.Require(!add.Intersect(remove, StringComparer.Ordinal).Any(), "remove", "names a tag that is to be added, too.");
        violations.ThrowIfAny();
    }

    /// <summary>What the tags of a node come to.</summary>
    /// <exception cref="RefusalException">They are too many.</exception>
    public static ImmutableArray<string> Tags(StoredNode node, ImmutableArray<string> add, ImmutableArray<string> remove)
    {
        ImmutableArray<string> tags = [.. node.Tags.Union(add, StringComparer.Ordinal).Except(remove, StringComparer.Ordinal)];
        return tags.Length <= MostTags ? tags : throw new RefusalException(RefusalReason.Precondition, $"A node has at most {MostTags} tags: {node.HostName} would have {tags.Length}. Remove some with `meshover node tag {node.HostName} --remove TAG`.");
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckTags(string node, ImmutableArray<string> tags)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        CheckTags(violations, "tags", tags);
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckToken(string id)
    {
        var violations = new Violations();
        violations.Require(IsTag(id), "token_id", "is missing, or is not a token's id: `meshover token list` shows them.");
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckAddress(string node, AddressWish wish, MeshRecord mesh)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        violations.Require(wish.Family is 0 or 4 or 6, "family", $"{wish.Family} is none: 4 or 6.");
        violations.Require(wish.Address.Length == 0 || wish.Family == 0, "family", "is said by the address: name one of the two.");
        violations.Require(wish.Note is null || wish.Note.Length <= FurtherAddress.LongestNote, "note", $"at most {FurtherAddress.LongestNote} characters.");
        violations.Require(wish.Note?.Any(char.IsControl) != true, "note", "one line of printable characters.");
        if (wish.Address.Length > 0)
            CheckAddress(violations, wish.Address, address => IsOfAPool(mesh, address)
                ? null : $"{address} is no address of the mesh's pools, {mesh.Pool4} and {mesh.Pool6}, that a node can have. A node may announce other addresses where they are granted to it (`meshover grant add`).");
        violations.ThrowIfAny();
    }

    /// <inheritdoc cref="Check(TokenWish, MeshRecord)"/>
    public static void CheckAddress(string node, string address)
    {
        var violations = new Violations();
        CheckNode(violations, node);
        CheckAddress(violations, address, _ => null);
        violations.ThrowIfAny();
    }

    /// <summary>A validated address as records hold it.</summary>
    public static string CanonicalAddress(string address) => IPAddress.Parse(address).ToString();

    private static void CheckAddress(Violations violations, string text, Func<IPAddress, string?> whyNot)
    {
        // Inet_aton's other spellings (10.1, octal) are nobody's wish.
        if (!IPAddress.TryParse(text, out var address) || (address.AddressFamily == AddressFamily.InterNetwork ? $"{address}" != text : address.ScopeId != 0))
            violations.Add("address", $"{Violations.Quote(text)} is no address such as 10.249.0.9 or fd00::9.");
        else if (whyNot(address) is { } reason)
            violations.Add("address", reason);
    }

    // As the controller would choose it: neither a network's own address nor its broadcast.
    private static bool IsOfAPool(MeshRecord mesh, IPAddress address) => new[] { mesh.Pool4, mesh.Pool6 }.Select(IPNetwork.Parse)
        .Any(pool => pool.Contains(address) && new AddressPool(pool).Has(address));

    /// <summary>
    /// A validated grant, its prefix in the one form in which records are compared and agents read them; its length is the prefix's own
    /// where none is given.
    /// </summary>
    public static StoredGrant ToRecord(GrantWish grant) => Prefixes.TryParse(grant.Prefix, out var prefix, out var error)
        ? new StoredGrant(prefix.ToString(), grant.MaxLength == 0 ? prefix.PrefixLength : (int)grant.MaxLength) { Pin = grant.Pin, Gather = grant.Gather, Name = grant.Name.Length > 0 ? HostName.Normal(grant.Name) : null }
        : throw new ArgumentException(error, nameof(grant));

    /// <summary>A validated prefix as grants hold it.</summary>
    public static string Canonical(string prefix) =>
        Prefixes.TryParse(prefix, out var parsed, out var error) ? parsed.ToString() : throw new ArgumentException(error, nameof(prefix));

    private static void Check(Violations violations, string field, GrantWish? grant, MeshRecord mesh)
    {
        if (grant is null)
        {
            violations.Add(field, "is missing.");
            return;
        }
        if (!Prefixes.TryParse(grant.Prefix, out var prefix, out var error))
        {
            violations.Add($"{field}.prefix", $"{error}.");
            return;
        }
        var longest = prefix.BaseAddress.GetAddressBytes().Length * 8;
        var length = grant.MaxLength == 0 ? prefix.PrefixLength : (int)Math.Min(grant.MaxLength, int.MaxValue);
        violations.Require(length >= prefix.PrefixLength && length <= longest, $"{field}.max_length", $"must be from {prefix.PrefixLength} to {longest}.");
        if (grant.Name.Length > 0)
        {
            if (HostName.WhyNone(grant.Name) is { } why)
                violations.Add($"{field}.name", $"{Violations.Quote(grant.Name)} {why}: letters, digits, hyphens and dots (RFC 1123).");
            else if (HostName.Normal(grant.Name) is var name && HostName.WithoutZone(name) is var bare && bare != name)
                violations.Add($"{field}.name", $"{Violations.Quote(name)} ends in the zone, which is put behind it: write {Violations.Quote(bare)}.");
            violations.Require(prefix.PrefixLength == longest, $"{field}.name", $"is of one address, and {prefix} has many: grant the address as a prefix of its own, /{longest}.");
        }
        if (GrantRules.WhyNot(mesh, new RouteGrant(prefix, length)) is { } reason)
            violations.Add($"{field}.prefix", $"{reason}.");
    }

    private static void CheckNode(Violations violations, string node) =>
        violations.Require(node.Length is > 0 and <= LongestNode, "node", "is missing, or too long: a hostname or an id.");

    private static void CheckTags(Violations violations, string field, ImmutableArray<string> tags)
    {
        violations.Require(tags.Length <= MostTags, field, $"{tags.Length} are too many (at most {MostTags}).");
        foreach (var tag in tags)
            violations.Require(IsTag(tag), field, $"{Violations.Quote(tag)} is not a tag (1-{LongestTag} letters, digits, hyphens, dots, underscores).");
    }

    private static bool IsTag(string tag) =>
        tag.Length is > 0 and <= LongestTag && tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
}
