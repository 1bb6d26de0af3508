using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Addressing;
using Meshover.Mesh.Ways;

namespace Meshover.Controller.Console.Ways;

/// <summary>
/// Who announces a prefix, who accepts it, and why not. What others accept follows from grants, which all nodes hold announcements against; what a node then does
/// with packets it says itself.
/// </summary>
internal static class RouteFinder
{
    private const int MostShown = 200;

    /// <exception cref="RefusalException">It is no prefix.</exception>
    public static RouteReport Find(MeshState mesh, LiveState live, TimeSpan now, string text)
    {
        var prefix = Parse(text);
        var members = mesh.Nodes.Values.Where(node => node.IsActive).Select(node => node.Record).OrderBy(node => node.HostName, StringComparer.Ordinal).ToList();
        var announced = Announced(members, live, prefix).ToList();
        var announcers = announced.Select(one => one.Node.Id).ToHashSet();
        var announcements = announced
            .OrderByDescending(one => Prefixes.Covers(one.Prefix, prefix)).ThenByDescending(one => Prefixes.Covers(one.Prefix, prefix) ? one.Prefix.PrefixLength : 0)
            .Take(MostShown).Select(one => Judge(one.Node, one.Prefix, live, now));
        var holders = members.SelectMany(node => node.Grants, (node, grant) => (node, grant, Of: MapModel.ToGrant(grant).Prefix))
            .Where(held => Prefixes.Overlap(held.Of, prefix)).Take(MostShown).Select(held => new RouteHolder(held.node.HostName, MeshPort.ToRow(held.grant)));
        // Those that announce it are asked first: they say whether it is there.
        var asked = members.OrderByDescending(node => announcers.Contains(node.Id)).ThenByDescending(node => live.Node(node.Id)?.IsOnline == true).Take(RouteReport.MostAsked).ToList();
        return new RouteReport($"{prefix}", $"{Prefixes.AddressIn(prefix)}", [.. announcements], [.. holders],
            [.. asked.Select(node => node.HostName).Order(StringComparer.Ordinal)], members.Count - asked.Count);
    }

    /// <exception cref="RefusalException">It is no prefix, or the node cannot be asked.</exception>
    public static async Task<RouteTaker> AskAsync(MeshState mesh, LiveState live, TimeSpan now, NodeAsker asker, string name, string text, CancellationToken cancel)
    {
        var (prefix, node) = (Parse(text), NodeNames.Member(mesh, name));
        var step = await asker.StepAsync(node.Id, node.HostName, $"{Prefixes.AddressIn(prefix)}", "", cancel);
        var members = mesh.Nodes.Values.Where(entry => entry.IsActive).Select(entry => entry.Record).ToList();
        var around = Announced(members, live, prefix).Where(one => Prefixes.Covers(one.Prefix, prefix)).ToList();
        var next = step.Kind == WayKind.Link ? mesh.Member(step.Next)?.Record.HostName ?? "" : "";
        var (health, english, japanese) = Verdict(step, next, around, node, live, now);
        return new RouteTaker(node.HostName, health, next, step.Out, english, japanese);
    }

    private static (Health, string, string) Verdict(WayStep step, string next, List<(StoredNode Node, IPNetwork Prefix)> around, StoredNode node, LiveState live, TimeSpan now)
    {
        if (step.Kind == WayKind.Here || (step.Kind == WayKind.Outside && around.Exists(one => one.Node.Id == node.Id)))
            return (Health.Fine, "It has it itself.", "自身が持っています。");
        if (step.Kind == WayKind.Link)
        {
            var judged = around.Where(one => one.Node.Id != node.Id).Select(one => (one.Prefix, Verdict: Judge(one.Node, one.Prefix, live, now))).ToList();
            var accepted = judged.Where(one => one.Verdict.Health == Health.Fine).Select(one => one.Prefix).OrderByDescending(one => one.PrefixLength).FirstOrDefault();
            // A wider one is used instead of the one that was meant.
            if (judged.Where(one => one.Verdict.Health == Health.Warning && one.Prefix.PrefixLength > accepted.PrefixLength).Select(one => one.Verdict).FirstOrDefault() is { } refused)
                return (Health.Warning, $"Packets go by {next} for a wider announcement, {accepted}. {refused.Prefix} of {refused.Node}: {refused.English}", $"より広い {accepted} の広告により {next} に送ります。{refused.Node} の {refused.Prefix}: {refused.Japanese}");
            return around.Exists(one => one.Node.HostName == next)
                ? (Health.Fine, $"Accepted: packets go to {next}, which announces it.", $"受け入れています。広告元の {next} に送ります。")
                : (Health.Fine, $"Accepted: packets go by {next}.", $"受け入れています。{next} を経由します。");
        }
        var (english, japanese) = WhyNot(around, node, live, now);
        return step.Kind == WayKind.Outside
            ? (Health.Warning, $"Not accepted: packets leave the mesh here. {english}", $"受け入れていません。パケットはここでメッシュの外に出ます。{japanese}")
            : (Health.Bad, $"Not accepted: no route leads there. {english}", $"受け入れていません。経路がありません。{japanese}");
    }

    /// <summary>Of the announcements around a prefix the best one's reason.</summary>
    private static (string English, string Japanese) WhyNot(List<(StoredNode Node, IPNetwork Prefix)> around, StoredNode node, LiveState live, TimeSpan now)
    {
        var others = around.Where(one => one.Node.Id != node.Id).Select(one => (one, Verdict: Judge(one.Node, one.Prefix, live, now))).ToList();
        if (others.Count == 0)
            return ("Nobody else announces it.", "ほかに広告しているノードがありません。");
        var best = others.OrderByDescending(other => other.Verdict.Health).ThenByDescending(other => other.one.Prefix.PrefixLength).First();
        if (best.Verdict.Health != Health.Fine)
            return ($"{best.one.Node.HostName}: {best.Verdict.English}", $"{best.one.Node.HostName}: {best.Verdict.Japanese}");
        if (best.one.Prefix.PrefixLength == 0)
            return ("It is a default route, which only nodes with accept-default take.", "デフォルトルートのため、accept-default を設定したノードだけが受け入れます。");
        var owner = best.one.Node.HostName;
        return live.Node(node.Id)?.Health?.LinkWith(best.one.Node.Id) is not (null or LinkReason.None)
            ? ($"{owner} announces it, but the link of {node.HostName} with {owner} is not up, and no other node passes it on.", $"{owner} が広告していますが、{node.HostName} と {owner} のリンクが切れており、他のノードからも届いていません。")
            : ($"{owner} announces it with a grant: `meshover vtysh -c 'show bgp {best.one.Prefix}'` on {node.HostName} says more.", $"{owner} が許可を得て広告しています。{node.HostName} 上の `meshover vtysh -c 'show bgp {best.one.Prefix}'` で詳細を確認できます。");
    }

    /// <summary>Whether others accept an announcement, by the grants that all hold it against.</summary>
    private static RouteAnnouncement Judge(StoredNode node, IPNetwork prefix, LiveState live, TimeSpan now)
    {
        var (health, english, japanese) = Accepted(node, prefix, live.Node(node.Id), now);
        return new RouteAnnouncement(node.HostName, $"{prefix}", health, english, japanese);
    }

    private static (Health, string, string) Accepted(StoredNode node, IPNetwork prefix, LiveNode? seen, TimeSpan now)
    {
        var state = NodeStates.Of(seen, now);
        var grants = node.Grants.Select(MapModel.ToGrant).ToList();
        if (state is NodeState.Lost or NodeState.Unknown)
            return (Health.Unknown, "It is not heard now: this is what it said last.", "現在応答がありません。最後の報告に基づく表示です。");
        if (node.Addresses.Any(own => Prefixes.Host(IPAddress.Parse(own)) == prefix))
            return (Health.Fine, "It is its own address: all others accept it.", "自身のアドレスです。他のすべてのノードが受け入れます。");
        if (prefix.PrefixLength == 0 && grants.Exists(grant => grant.Covers(prefix)))
            return (Health.Fine, "It was granted. It is a default route: only nodes with accept-default take it.", "許可済みです。デフォルトルートのため、accept-default を設定したノードだけが受け入れます。");
        return GrantJudgement.Of(grants, prefix) switch
        {
            { Fit: GrantFit.Granted } => (Health.Fine, "It was granted: all others accept it.", "許可済みです。他のすべてのノードが受け入れます。"),
            { Fit: GrantFit.TooLong, By: var wider } => (Health.Warning, $"Refused by all others: its grant of {wider.Prefix} ends at /{wider.MaxLength}.", $"他のすべてのノードが拒否します。{wider.Prefix} の許可は /{wider.MaxLength} までです。"),
            { Fit: GrantFit.TooWide, By: var narrower } => (Health.Warning, $"Refused by all others: it was granted {narrower.Prefix} alone, which is less.", $"他のすべてのノードが拒否します。許可は {narrower.Prefix} だけで、広告より狭いためです。"),
            _ => (Health.Warning, "Refused by all others: it was not granted.", "他のすべてのノードが拒否します。許可がありません。"),
        };
    }

    private static IEnumerable<(StoredNode Node, IPNetwork Prefix)> Announced(IEnumerable<StoredNode> members, LiveState live, IPNetwork prefix) =>
        from node in members
        from one in live.Node(node.Id)?.Report.Announced ?? []
        where Prefixes.Overlap(one, prefix)
        select (node, one);

    private static IPNetwork Parse(string text)
    {
        if (IPAddress.TryParse(text.Trim(), out var address) && text.AsSpan().IndexOfAny('.', ':') >= 0)
            return new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        return Prefixes.TryParse(text.Trim(), out var prefix, out var error) ? prefix : throw new RefusalException(RefusalReason.Precondition, $"{error}.");
    }
}
