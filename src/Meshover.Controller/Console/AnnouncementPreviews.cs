using System.Net;
using Meshover.Console.UseCases;
using Meshover.Contract.V1;
using Meshover.Controller.Administration;
using Meshover.Controller.Configuration;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Announced = Meshover.Contract.V1.Announcement;

namespace Meshover.Controller.Console;

/// <summary>What an order to announce, or not to, would do at a node, and to all others: by the grants, by what the others said, and by what the node says now. Pure.</summary>
internal static class AnnouncementPreviews
{
    private const string BySettings = "settings", ByCommand = "command", InSettings = "configuration"; // as nodes say it
    private const int MostNamed = 5;

    /// <param name="mesh">Who may.</param>
    /// <param name="live">Who does.</param>
    /// <param name="name">The node, by hostname or id.</param>
    /// <param name="wish">Checked.</param>
    /// <param name="status">Of the node.</param>
    /// <exception cref="RefusalException">There is no such node.</exception>
    public static AnnouncementPreview OfAdding(MeshState mesh, LiveState live, string name, AnnounceWish wish, AgentStatus status)
    {
        var (node, prefix) = (NodeNames.Member(mesh, name), IPNetwork.Parse(wish.Prefix));
        if (WhyNot(node, prefix, Held(status, wish.Prefix)) is { } why)
            return new AnnouncementPreview([why], MayBeDone: false);
        var effects = new List<(string, string)> { Accepted(mesh, node, wish.Prefix) };
        if (Held(status, wish.Prefix) is { } held)
            effects.Add(($"{node.HostName} announces it already, as {string.Join(" and ", held.Sources)} want it; from then on it stays when they end.", $"{node.HostName} はすでに {string.Join("、", held.Sources)} により広告しています。以後、それらがなくなっても広告を続けます。"));
        effects.AddRange(Beside(mesh, live, node, wish, prefix));
        if (prefix.PrefixLength == 8 * prefix.BaseAddress.GetAddressBytes().Length)
        {
            effects.Add(wish.Routed
                ? ("The address is behind the node: it is put on no interface of it.", "このアドレスはノードの背後にあるものとし、インターフェイスには設定しません。")
                : ($"The address is put on an interface of {node.HostName} while it is announced from there: programs on it answer at it.", $"広告中は {node.HostName} のインターフェイスにこのアドレスを設定します。そのノード上のプログラムが応答します。"));
        }
        effects.Add(wish.LifetimeSeconds > 0
            ? ($"It is withdrawn by itself after {Duration.Format(TimeSpan.FromSeconds(wish.LifetimeSeconds))}.", $"{Duration.Format(TimeSpan.FromSeconds(wish.LifetimeSeconds))} 後に自動的に取り下げます。")
            : ("It stays over restarts, until it is withdrawn here or by `meshover withdraw`.", "ここか `meshover withdraw` で取り下げるまで、再起動後も続きます。"));
        return new AnnouncementPreview([.. effects], MayBeDone: true);
    }

    /// <inheritdoc cref="OfAdding"/>
    public static AnnouncementPreview OfRemoving(MeshState mesh, LiveState live, string name, string text, AgentStatus status)
    {
        var (node, prefix, held) = (NodeNames.Member(mesh, name), IPNetwork.Parse(text), Held(status, text));
        if (held is null)
            return No($"{node.HostName} says that it announces no {text}: there is nothing to withdraw.", $"{node.HostName} は {text} を広告していないと報告しています。取り下げるものがありません。");
        if (IsOfSettings(held))
            return No($"{text} is in the settings of {node.HostName}: take it out there (`announce`, `announcements`).", $"{text} は {node.HostName} の設定ファイルにあります。そちらから削除してください(`announce`、`announcements`)。");
        if (held.DeclaredBy != ByCommand)
            return No($"{node.HostName} announces {text} as {string.Join(" and ", held.Sources)} want it: it ends where they have it from.", $"{node.HostName} は {string.Join("、", held.Sources)} により {text} を広告しています。その元で取り除いてください。");
        var others = Announcers(mesh, live, node, prefix);
        var effects = new List<(string, string)>
        {
            others.Count > 0
                ? ($"{node.HostName} announces {text} no more: all go to {Named(others)}, who announces it, too.", $"{node.HostName} は {text} の広告をやめ、通信は同じく広告している {Named(others)} に向かいます。")
                : ($"{node.HostName} announces {text} no more, and nobody else does: it is reached no more, but by a wider announcement.", $"{node.HostName} は {text} の広告をやめます。ほかに広告しているノードがないため、より広い広告がなければ到達できなくなります。"),
        };
        if (held.Sources.Count > 1)
            effects.Add(($"Of its sources ({string.Join(", ", held.Sources)}) the others stay: while they want it, it is announced on.", $"ほかの広告元({string.Join("、", held.Sources)})が残る間は、広告が続きます。"));
        if (held.Check.Length > 0)
            effects.Add(($"Its check ({held.Check}) is forgotten with it; here none can be given again.", $"チェック({held.Check})も失われます。コンソールからチェックを設定し直すことはできません。"));
        return new AnnouncementPreview([.. effects], MayBeDone: true);
    }

    private static AnnouncementPreview No(string english, string japanese) => new([(english, japanese)], MayBeDone: false);

    /// <summary>What the node itself would refuse; null: nothing.</summary>
    private static (string, string)? WhyNot(StoredNode node, IPNetwork prefix, Announced? held)
    {
        if (!IsGranted(node, prefix))
        {
            return ($"{prefix} is not granted to {node.HostName}: it would refuse the order, as all others would refuse the announcement. Grant it first.",
                $"{node.HostName} には {prefix} が許可されていません。他のすべてのノードが広告を拒否するため、ノードはこの指示を拒否します。先に許可してください。");
        }
        if (held is not null && IsOfSettings(held))
            return ($"{prefix} is in the settings of {node.HostName}, which announce it already: change it there.", $"{prefix} は {node.HostName} の設定ファイルで広告されています。そちらで変更してください。");
        return held is { DeclaredBy: ByCommand }
            ? ($"{prefix} is declared on {node.HostName} already{(held.Check.Length > 0 ? $", with the check {held.Check}" : "")}: it would refuse the order. Withdraw it first, here or by `meshover withdraw {prefix}` there.", $"{prefix} は {node.HostName} ですでに宣言されています{(held.Check.Length > 0 ? $"(チェック: {held.Check})" : "")}。先にここか、そのノードの `meshover withdraw {prefix}` で取り下げてください。")
            : null;
    }

    private static (string, string) Accepted(MeshState mesh, StoredNode node, string prefix)
    {
        var others = mesh.Nodes.Values.Count(entry => entry.IsActive && entry.Record.Id != node.Id);
        return ($"All {others} other nodes will accept {prefix} from {node.HostName}: it is granted.", $"許可があるため、他の {others} ノードが {node.HostName} からの {prefix} を受け入れます。");
    }

    /// <summary>Who announces it already, and whether anybody can take a floating one over.</summary>
    private static IEnumerable<(string, string)> Beside(MeshState mesh, LiveState live, StoredNode node, AnnounceWish wish, IPNetwork prefix)
    {
        var announcers = Announcers(mesh, live, node, prefix);
        var mode = wish.Mode;
        if (announcers.Count > 0)
        {
            yield return mode == AnnounceWish.Plain
                ? ($"{Named(announcers)} announces it already: each node takes the nearer one. Where that is meant, say anycast; where one is to have it, active-standby.", $"{Named(announcers)} がすでに広告しており、各ノードは近い方を使います。意図したものであれば anycast、1 ノードだけが持つべきなら active-standby を選んでください。")
                : mode == AnnounceWish.Anycast
                    ? ($"{Named(announcers)} announces it, too: packets go to the nearest.", $"{Named(announcers)} も広告しており、パケットは最も近いノードに届きます。")
                    : ($"{Named(announcers)} announces it, or stands by: where those declare it active-standby, too, the greatest priority has it.", $"{Named(announcers)} も広告または待機しています。いずれも active-standby であれば、優先度の最も大きいノードが持ちます。");
        }
        if (mode != AnnounceWish.ActiveStandby || announcers.Count > 0)
            yield break;
        var able = mesh.Nodes.Values.Where(entry => entry.IsActive && entry.Record.Id != node.Id && IsGranted(entry.Record, prefix)).Select(entry => entry.Record.HostName).Order(StringComparer.Ordinal).ToList();
        yield return able.Count > 0
            ? ($"No other node has it: nobody takes over when {node.HostName} is gone. {Named(able)} may announce it: tell one to, in the same mode.", $"ほかに広告するノードがなく、{node.HostName} が停止しても引き継がれません。許可のある {Named(able)} にも同じモードで広告させてください。")
            : ($"No other node has it, nor may one: nobody takes over when {node.HostName} is gone. Grant it to a second node, and have that announce it in the same mode.", $"ほかに広告するノードも許可されたノードもなく、{node.HostName} が停止しても引き継がれません。別のノードにも許可し、同じモードで広告させてください。");
    }

    /// <summary>The others to whom packets go when this one has it no more: who is off, or may not announce it, is nobody's way.</summary>
    private static List<string> Announcers(MeshState mesh, LiveState live, StoredNode node, IPNetwork prefix) =>
    [
        .. mesh.Nodes.Values.Where(entry => entry.IsActive && entry.Record.Id != node.Id && IsGranted(entry.Record, prefix)
                && live.Node(entry.Record.Id) is { IsOnline: true } standing && standing.Report.Announced.Contains(prefix))
            .Select(entry => entry.Record.HostName).Order(StringComparer.Ordinal),
    ];

    private static Announced? Held(AgentStatus status, string prefix) => status.Announcements.FirstOrDefault(one => one.Prefix == prefix);

    private static bool IsOfSettings(Announced held) => held.DeclaredBy == BySettings || held.Sources.Contains(InSettings);

    private static bool IsGranted(StoredNode node, IPNetwork prefix) => node.Grants.Any(grant => MapModel.ToGrant(grant).Covers(prefix));

    private static string Named(List<string> nodes) => string.Join(", ", nodes.Take(MostNamed)) + (nodes.Count > MostNamed ? $" +{nodes.Count - MostNamed}" : "");
}
