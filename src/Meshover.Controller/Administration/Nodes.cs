using System.Collections.Immutable;
using System.Net;
using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Mesh.Identity;

namespace Meshover.Controller.Administration;

/// <summary>The members of the mesh: what administrators see of them and do to them, whatever face of the controller they come by.</summary>
internal sealed class Nodes(MeshDirectory directory, LiveNodes live, ControllerOptions options, TimeProvider time)
{
    private static readonly TimeSpan AdoptionTold = TimeSpan.FromDays(30);

    /// <summary>By id.</summary>
    /// <param name="withRemoved">Those that administrators removed, too.</param>
    public IEnumerable<NodeView> List(bool withRemoved)
    {
        var (now, state) = (time.GetUtcNow(), live.State);
        return directory.State.Nodes.Values
            .Where(node => node.IsActive || (withRemoved && node.Record.Standing == NodeStanding.Removed))
            .Select(node => View(node, state.Node(node.Record.Id), now));
    }

    /// <exception cref="InvalidRequestException">It is nobody's name.</exception>
    /// <exception cref="RefusalException">There is no such member.</exception>
    public Task RemoveAsync(Actor actor, Reason reason, string node, CancellationToken cancel)
    {
        AdminRules.CheckNode(node);
        var until = (time.GetUtcNow() + options.Rest).ToUnixTimeSeconds();
        return directory.ChangeAsync(
            new Cause(actor, Operation.RemoveNode, reason), draft => Departure.Remove(draft, NodeNames.Member(draft.State, node), until), cancel);
    }

    /// <returns>The name as it is now.</returns>
    /// <exception cref="InvalidRequestException">One of the two is no name.</exception>
    /// <exception cref="RefusalException">There is no such member, or the name is another's.</exception>
    public async Task<string> RenameAsync(Actor actor, Reason reason, string node, string hostName, CancellationToken cancel)
    {
        AdminRules.CheckNode(node);
        var violations = new Violations();
        if (!HostName.TryNormalise(hostName, out var name, out var error))
            violations.Add("hostname", error);
        violations.ThrowIfAny();
        await directory.ChangeAsync(new Cause(actor, Operation.RenameNode, reason), draft =>
        {
            var member = NodeNames.Member(draft.State, node);
            // It would say its former name when it comes, and have it again.
            if (live.State.Node(member.Id) is not { IsOnline: true })
                throw new RefusalException(RefusalReason.Precondition, $"The node \"{member.HostName}\" is not connected, and would bring its name with it: rename it once it is, or set `hostname` there.");
            Enrolment.Rename(draft, member, name!);
            // What it wished for before is not wished for any more.
            foreach (var session in live.State.Node(member.Id)?.Sessions ?? [])
                session.WishedName = null;
        }, cancel);
        return name!;
    }

    /// <param name="actor">Who does it.</param>
    /// <param name="reason">Why.</param>
    /// <param name="node">By hostname or id.</param>
    /// <param name="add">Tags that it is to have.</param>
    /// <param name="remove">And that it is not to have.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <returns>All that it has now.</returns>
    /// <exception cref="InvalidRequestException">It is nobody's name, or a tag is none.</exception>
    /// <exception cref="RefusalException">There is no such member, or it would have too many.</exception>
    public async Task<ImmutableArray<string>> TagAsync(Actor actor, Reason reason, string node, ImmutableArray<string> add, ImmutableArray<string> remove, CancellationToken cancel)
    {
        AdminRules.CheckTags(node, add, remove);
        var changed = await directory.ChangeAsync(new Cause(actor, Operation.TagNode, reason), draft =>
        {
            var member = NodeNames.Member(draft.State, node);
            var tags = AdminRules.Tags(member, add, remove);
            if (!tags.SequenceEqual(member.Tags))
                draft.Put(StoreKeys.Node(member.Id), member with { Tags = tags });
            return tags;
        }, cancel);
        return changed.Value;
    }

    /// <summary>Gives it these tags in the place of those that it has.</summary>
    /// <exception cref="InvalidRequestException">It is nobody's name, or one of them is no tag.</exception>
    /// <exception cref="RefusalException">There is no such member.</exception>
    public Task TagAsync(Actor actor, Reason reason, string node, ImmutableArray<string> tags, CancellationToken cancel)
    {
        AdminRules.CheckTags(node, tags);
        return directory.ChangeAsync(new Cause(actor, Operation.TagNode, reason), draft =>
        {
            var member = NodeNames.Member(draft.State, node);
            ImmutableArray<string> wanted = [.. tags.Distinct(StringComparer.Ordinal)];
            if (!member.Tags.SequenceEqual(wanted))
                draft.Put(StoreKeys.Node(member.Id), member with { Tags = wanted });
        }, cancel);
    }

    /// <exception cref="InvalidRequestException">It is nobody's name.</exception>
    /// <exception cref="RefusalException">There is no such removed node, or it is not refused.</exception>
    public Task AllowAsync(Actor actor, Reason reason, string node, CancellationToken cancel)
    {
        AdminRules.CheckNode(node);
        return directory.ChangeAsync(new Cause(actor, Operation.AllowNode, reason), draft =>
        {
            if (!DepartedNodes.TryAllow(draft, node))
                Departure.Allow(draft, NodeNames.Removed(draft.State, node));
        }, cancel);
    }

    private static NodeView View(NodeEntry node, LiveNode? live, DateTimeOffset now) =>
        new(node, live, [.. Announcements.NotGranted(node.Record, live?.Report)], [.. NoticesOf(node.Record, live, now)]);

    private static IEnumerable<string> NoticesOf(StoredNode node, LiveNode? live, DateTimeOffset now)
    {
        var adopted = DateTimeOffset.FromUnixTimeSeconds(node.Adopted);
        if (node.Adopted != 0 && now < adopted + AdoptionTold)
            yield return $"It came back by its credential after a restore ({adopted:u}). If it should not have, run `meshover node remove {node.HostName}`.";
        if (live?.Copied(now) is { } when)
            yield return $"Two machines use this node's identity (last seen together {when:u}; it connects from {string.Join(" and ", live!.Places)}).";
    }
}

/// <summary>A node as administrators see it.</summary>
/// <param name="Node">What the store has of it.</param>
/// <param name="Live">What is known of its connection; null: nothing since the controller's start.</param>
/// <param name="NotGranted">Announced, and granted by nobody.</param>
/// <param name="Notices">What somebody should look after; a sentence or two each.</param>
internal sealed record NodeView(NodeEntry Node, LiveNode? Live, ImmutableArray<IPNetwork> NotGranted, ImmutableArray<string> Notices);
