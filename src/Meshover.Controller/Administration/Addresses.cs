using Meshover.Controller.Changes;
using Meshover.Controller.Configuration;
using Meshover.Controller.Membership;
using Meshover.Controller.State;

namespace Meshover.Controller.Administration;

/// <summary>Further node addresses: what administrators do with them, whatever face of the controller they come by.</summary>
internal sealed class Addresses(MeshDirectory directory, ControllerOptions options, TimeProvider time)
{
    /// <exception cref="InvalidRequestException">The wish cannot be meant.</exception>
    /// <exception cref="RefusalException">There is no such node, the address is another's or rests, there are too many, or no more.</exception>
    /// <returns>As the node has it now, and had it before.</returns>
    public async Task<GivenAddress> AddAsync(Actor actor, Reason reason, string node, AddressWish wish, CancellationToken cancel)
    {
        AdminRules.CheckAddress(node, wish, directory.State.Mesh);
        var address = wish.Address.Length > 0 ? AdminRules.CanonicalAddress(wish.Address) : null;
        var changed = await directory.ChangeAsync(new Cause(actor, Operation.AddAddress, reason),
            draft => FurtherAddresses.Add(draft, NodeNames.Member(draft.State, node), address, wish.ChosenFamily, wish.Note), cancel);
        return changed.Value;
    }

    /// <exception cref="InvalidRequestException">The address is none.</exception>
    /// <exception cref="RefusalException">There is no such node, or it has no such further address.</exception>
    /// <returns>Until when nobody else gets it, at least.</returns>
    public async Task<DateTimeOffset> RemoveAsync(Actor actor, Reason reason, string node, string address, CancellationToken cancel)
    {
        AdminRules.CheckAddress(node, address);
        var (held, now) = (AdminRules.CanonicalAddress(address), time.GetUtcNow());
        await directory.ChangeAsync(new Cause(actor, Operation.RemoveAddress, reason), draft => FurtherAddresses.Remove(
            draft, NodeNames.Member(draft.State, node), held, now.ToUnixTimeSeconds(), (now + options.Rest).ToUnixTimeSeconds()), cancel);
        return now + options.Rest;
    }

    /// <summary>Those that nodes have, and behind them those that rest.</summary>
    /// <param name="node">Whose; empty: of all members.</param>
    /// <exception cref="RefusalException">There is no such node.</exception>
    public IEnumerable<AddressView> List(string node)
    {
        var nodes = node.Length == 0
            ? directory.State.Nodes.Values.Where(entry => entry.IsActive).Select(entry => entry.Record)
            : [NodeNames.Member(directory.State, node)];
        return nodes.SelectMany(member => member.Further.Select(further => new AddressView(member.HostName, further, RestsUntil: 0))
            .Concat(member.Resting.Select(resting => new AddressView(member.HostName, new StoredAddress(resting.Address, ""), resting.Until))));
    }
}

/// <param name="HostName">Of the node.</param>
/// <param name="Address">With its note.</param>
/// <param name="RestsUntil">It was taken from the node; seconds since 1970. 0: the node has it.</param>
internal sealed record AddressView(string HostName, StoredAddress Address, long RestsUntil);
