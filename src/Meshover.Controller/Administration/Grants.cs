using Meshover.Controller.Changes;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Administration;

/// <summary>Which prefixes a node may announce: what administrators do with grants, whatever face of the controller they come by.</summary>
internal sealed class Grants(MeshDirectory directory)
{
    /// <exception cref="InvalidRequestException">The wish cannot be meant.</exception>
    /// <exception cref="RefusalException">There is no such node, it has as many as it may have, or its name is a node's.</exception>
    /// <returns>As the node has it now.</returns>
    public async Task<StoredGrant> AddAsync(Actor actor, Reason reason, string node, GrantWish? wish, CancellationToken cancel)
    {
        AdminRules.CheckGrant(node, wish, directory.State.Mesh);
        var grant = AdminRules.ToRecord(wish!);
        await directory.ChangeAsync(
            new Cause(actor, Operation.AddGrant, reason), draft => GrantRules.Add(draft, NodeNames.Member(draft.State, node), grant), cancel);
        return grant;
    }

    /// <exception cref="InvalidRequestException">The prefix is none.</exception>
    /// <exception cref="RefusalException">There is no such node, or it has no such grant.</exception>
    public Task RemoveAsync(Actor actor, Reason reason, string node, string prefix, CancellationToken cancel)
    {
        AdminRules.CheckWithdrawal(node, prefix);
        var held = AdminRules.Canonical(prefix);
        return directory.ChangeAsync(
            new Cause(actor, Operation.RemoveGrant, reason), draft => GrantRules.Remove(draft, NodeNames.Member(draft.State, node), held), cancel);
    }

    /// <param name="node">Whose; empty: of all members.</param>
    /// <exception cref="RefusalException">There is no such node.</exception>
    public IEnumerable<(string HostName, StoredGrant Grant)> List(string node)
    {
        var nodes = node.Length == 0
            ? directory.State.Nodes.Values.Where(entry => entry.IsActive).Select(entry => entry.Record)
            : [NodeNames.Member(directory.State, node)];
        return nodes.SelectMany(member => member.Grants, (member, grant) => (member.HostName, grant));
    }
}

/// <summary>A grant as an administrator writes it.</summary>
/// <param name="Prefix">In any form.</param>
/// <param name="MaxLength">Longest announced prefix length; 0: the prefix's own.</param>
/// <param name="Pin">Nobody who is granted a prefix around it gets its packets while its owner is away.</param>
/// <param name="Gather">Its holder may gather packets of sources in it.</param>
/// <param name="Name">What its one address is to be called; empty: nothing.</param>
internal sealed record GrantWish(string Prefix, uint MaxLength = 0, bool Pin = false, bool Gather = false, string Name = "");
