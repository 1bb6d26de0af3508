using System.Collections.Immutable;
using System.Net;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;
using GrantWish = Meshover.Controller.Administration.GrantWish;

namespace Meshover.Controller.Console;

/// <summary>What a change of grants would do, by the same rules as the change itself. Pure.</summary>
internal static class GrantPreviews
{
    private const int MostOthers = 5;

    /// <exception cref="InvalidRequestException">The wish cannot be meant.</exception>
    /// <exception cref="RefusalException">It would be refused.</exception>
    public static GrantPreview OfAdding(MeshState mesh, LiveState live, string name, GrantWish wish)
    {
        AdminRules.CheckGrant(name, wish, mesh.Mesh);
        var grant = AdminRules.ToRecord(wish);
        var node = NodeNames.Member(mesh, name);
        // Drafted and thrown away: what would be refused is refused now.
        GrantRules.Add(new Draft(mesh), node, grant);
        var effects = new List<(string, string)>();
        var prefix = MapModel.ToGrant(grant);
        var announced = Announced(live, node.Id).Where(one => Covers(prefix.Prefix, grant.MaxLength, one) && !IsGranted(node, one)).ToList();
        var others = Others(mesh, node.Id);
        effects.Add(announced.Count > 0
            ? ($"All {others} other nodes will accept {Join(announced)} from {node.HostName}, which announces it already and is refused now.", $"他の {others} ノードが、{node.HostName} がすでに広告し現在拒否されている {Join(announced)} を受け入れるようになります。")
            : ($"All {others} other nodes will accept {grant.Prefix}{UpTo(grant)} from {node.HostName}, as soon as it announces that.", $"{node.HostName} が {grant.Prefix}{UpTo(grant)} を広告すると、他の {others} ノードが受け入れるようになります。"));
        if (grant.Gather)
        {
            var ranges = Gathered(mesh, node, prefix.Prefix);
            effects.Add(ranges.Count > 0
                ? ($"{node.HostName} will gather {string.Join(", ", ranges)} at once: packets of these sources go to it from all others{Instead(mesh, node, ranges)}.", $"{node.HostName} がただちに {string.Join(", ", ranges)} を集約し、これらの送信元のパケットが他のすべてのノードから送られるようになります。")
                : ($"{node.HostName} may gather packets of sources in {grant.Prefix}; by its own settings it gathers nothing there yet.", $"{node.HostName} は {grant.Prefix} を送信元とするパケットを集約できるようになります。現在の設定では集約していません。"));
        }
        if (grant.Name is { } called)
            effects.Add(($"All nodes will answer for the name {called}, below the mesh's zone, with {prefix.Prefix.BaseAddress}.", $"すべてのノードが、メッシュのゾーン内の名前 {called} に対して {prefix.Prefix.BaseAddress} を返すようになります。"));
        if (node.Grants.FirstOrDefault(held => held.Prefix == grant.Prefix) is { } former)
        {
            effects.Add(($"It takes the place of the grant of the same prefix (up to /{former.MaxLength}).", $"同じプレフィックスの既存の許可(最大長 /{former.MaxLength})を置き換えます。"));
            effects.AddRange(NameLost(mesh, node, former, grant.Name));
        }
        foreach (var (owner, held) in Overlapping(mesh, node.Id, prefix.Prefix).Take(MostOthers))
            effects.Add(($"{owner} is granted {held}, which overlaps: where both announce the same prefix, each node takes the nearer one.", $"{owner} には重なる {held} が許可されています。両方が同じプレフィックスを広告すると、各ノードは近い方を使います。"));
        if (prefix.Prefix.PrefixLength == 0)
            effects.Add(("It is a default route: only nodes with accept-default take it.", "デフォルトルートです。accept-default を設定したノードだけが受け入れます。"));
        return new GrantPreview([.. effects]);
    }

    /// <inheritdoc cref="OfAdding"/>
    public static GrantPreview OfRemoving(MeshState mesh, LiveState live, string name, string prefix)
    {
        AdminRules.CheckWithdrawal(name, prefix);
        var (node, held) = (NodeNames.Member(mesh, name), AdminRules.Canonical(prefix));
        GrantRules.Remove(new Draft(mesh), node, held);
        var left = node with { Grants = node.Grants.RemoveAll(grant => grant.Prefix == held) };
        var refused = Announced(live, node.Id).Where(one => IsGranted(node, one) && !IsGranted(left, one)).ToList();
        var others = Others(mesh, node.Id);
        var lost = node.Grants.First(grant => grant.Prefix == held).Gather ? Gathered(mesh, node, IPNetwork.Parse(held)).Where(range => !MayGather(left, range)).ToList() : [];
        ImmutableArray<(string, string)> gathering = lost.Count == 0 ? [] : [Loss(mesh, node, lost)];
        return new GrantPreview(
        [
            .. gathering,
            .. NameLost(mesh, node, node.Grants.First(grant => grant.Prefix == held), kept: null),
            refused.Count > 0
                ? ($"{node.HostName} announces {Join(refused)} now: all {others} other nodes will refuse it, and what is behind it is reached no more.", $"{node.HostName} は現在 {Join(refused)} を広告しています。他の {others} ノードが拒否し、その先には到達できなくなります。")
                : ($"{node.HostName} announces nothing by this grant: nothing is refused that is accepted now.", $"{node.HostName} はこの許可による広告をしていません。現在の到達性は変わりません。"),
        ]);
    }

    /// <summary>The name of a grant that goes, where nobody else's grant gives it.</summary>
    private static IEnumerable<(string English, string Japanese)> NameLost(MeshState mesh, StoredNode node, StoredGrant grant, string? kept)
    {
        if (grant.Name is { } name && name != kept && !mesh.Nodes.Values.Any(other => other.IsActive && other.Record.Grants.Any(held => held.Name == name && (other.Record.Id != node.Id || held.Prefix != grant.Prefix))))
            yield return ($"The name {name} is answered for no more.", $"名前 {name} には応答しなくなります。");
    }

    /// <summary>What the node wants to gather in a range, by what it told everybody.</summary>
    private static List<string> Gathered(MeshState mesh, StoredNode node, IPNetwork range) =>
        [.. (mesh.Nodes[node.Id].Reach.Gathers?.Prefixes ?? []).Where(prefix => Prefixes.TryParse(prefix, out var one, out _) && one.PrefixLength >= range.PrefixLength && range.Contains(one.BaseAddress))];

    private static bool MayGather(StoredNode node, string range) =>
        Prefixes.TryParse(range, out var one, out _) && node.Grants.Any(grant => grant.Gather && IPNetwork.Parse(grant.Prefix) is var held && held.PrefixLength <= one.PrefixLength && held.Contains(one.BaseAddress));

    /// <summary>Who else gathers the range, may, and can; the one that is asked first.</summary>
    private static NodeEntry? Other(MeshState mesh, StoredNode node, string range) => mesh.Nodes.Values
        .Where(entry => entry.IsActive && entry.Record.Id != node.Id && entry.Reach.Gathers is { Failing: false } gathers && gathers.Prefixes.Contains(range) && MayGather(entry.Record, range))
        .OrderByDescending(entry => entry.Reach.Gathers!.Priority).ThenBy(entry => entry.Record.Id).FirstOrDefault();

    private static string Instead(MeshState mesh, StoredNode node, List<string> ranges) =>
        ranges.Select(range => Other(mesh, node, range)).OfType<NodeEntry>().FirstOrDefault() is not { } other ? ""
        : other.Reach.Gathers!.Priority >= (mesh.Nodes[node.Id].Reach.Gathers?.Priority ?? 0) ? $" where {other.Record.HostName} does not have them, whose priority is not less" : $", and no longer to {other.Record.HostName}";

    private static (string, string) Loss(MeshState mesh, StoredNode node, List<string> ranges)
    {
        var text = string.Join(", ", ranges);
        return Other(mesh, node, ranges[0]) is { } other
            ? ($"{node.HostName} gathers {text} by this grant: their packets go to {other.Record.HostName} from then on.", $"{node.HostName} はこの許可で {text} を集約しています。以後、パケットは {other.Record.HostName} に送られます。")
            : ($"{node.HostName} gathers {text} by this grant, and nobody else does: packets of these sources leave the mesh where they are, or not at all.", $"{node.HostName} はこの許可で {text} を集約しており、ほかに集約するノードはありません。これらの送信元のパケットは、その場でメッシュの外に出るか、破棄されます。");
    }

    private static ImmutableArray<IPNetwork> Announced(LiveState live, uint node) => live.Node(node)?.Report.Announced ?? [];

    private static bool IsGranted(StoredNode node, IPNetwork announced) =>
        node.Grants.Any(grant => Covers(IPNetwork.Parse(grant.Prefix), grant.MaxLength, announced));

    private static bool Covers(IPNetwork grant, int maxLength, IPNetwork announced) =>
        grant.BaseAddress.AddressFamily == announced.BaseAddress.AddressFamily && announced.PrefixLength >= grant.PrefixLength && announced.PrefixLength <= maxLength
        && grant.Contains(announced.BaseAddress);

    private static IEnumerable<(string Owner, string Prefix)> Overlapping(MeshState mesh, uint node, IPNetwork prefix) =>
        from entry in mesh.Nodes.Values
        where entry.IsActive && entry.Record.Id != node
        from grant in entry.Record.Grants
        where Prefixes.Overlap(IPNetwork.Parse(grant.Prefix), prefix)
        select (entry.Record.HostName, grant.Prefix);

    private static int Others(MeshState mesh, uint node) => mesh.Nodes.Values.Count(entry => entry.IsActive && entry.Record.Id != node);

    private static string UpTo(StoredGrant grant) => grant.Prefix.EndsWith($"/{grant.MaxLength}", StringComparison.Ordinal) ? "" : $" (up to /{grant.MaxLength})";

    private static string Join(List<IPNetwork> prefixes) => string.Join(", ", prefixes);
}
