using System.Diagnostics;
using Meshover.Controller.Changes;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Controller.State;
using Meshover.Telemetry.Tracing;

namespace Meshover.Controller.Administration;

/// <summary>What administrators ask of one connected node, which it answers itself, whatever face of the controller they come by.</summary>
internal sealed class NodeQueries(MeshDirectory directory, LiveNodes live, TimeProvider time)
{
    /// <summary>At a time, of all nodes: each may hold <see cref="StreamQueries.LongestAnswer"/>.</summary>
    public const int Most = 64;

    /// <summary>How long an answer is waited for.</summary>
    public static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    private int _asked;

    /// <param name="node">By hostname or id.</param>
    /// <param name="question">Of which the answer is the contract's, as bytes.</param>
    /// <exception cref="InvalidRequestException">It is nobody's name.</exception>
    /// <exception cref="RefusalException">There is no such member, it is not connected, its agent is too old, or it does not answer.</exception>
    public async Task<ReadOnlyMemory<byte>> AskAsync(string node, Question question, CancellationToken cancel)
    {
        AdminRules.CheckNode(node);
        return await AskAsync(NodeNames.Member(directory.State, node), question, cancel);
    }

    private async Task<ReadOnlyMemory<byte>> AskAsync(StoredNode member, Question question, CancellationToken cancel)
    {
        var session = SessionOf(member);
        CheckCapability(session, question);
        try
        {
            if (Interlocked.Increment(ref _asked) > Most)
                throw new RefusalException(RefusalReason.Unanswered, $"{Most} questions wait for their nodes' answers: ask again in a moment.");
            using var span = Traces.Step($"ask {question.Capability}", ActivityKind.Client);
            span?.SetTag("meshover.node", member.HostName);
            return await session.AskAsync(question, Within, time, cancel);
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }

    /// <summary>That the node is connected and its agent knows what it would be asked or told.</summary>
    /// <exception cref="InvalidRequestException">It is nobody's name.</exception>
    /// <exception cref="RefusalException">There is no such member, it is not connected, or its agent is too old.</exception>
    public void CheckCan(string node, Question question)
    {
        AdminRules.CheckNode(node);
        CheckCapability(SessionOf(NodeNames.Member(directory.State, node)), question);
    }

    /// <summary>
    /// Orders a connected node to do something, which it does itself. The audit has it first: what is ordered and not written down must not be. What a node
    /// then refuses, or does not answer, is written down behind it. Once it is sent it is waited for, whoever has gone meanwhile.
    /// </summary>
    /// <param name="actor">Who.</param>
    /// <param name="reason">Why.</param>
    /// <param name="operation">As the audit is to have it.</param>
    /// <param name="words">What exactly, in a few words.</param>
    /// <param name="node">By hostname or id.</param>
    /// <param name="order">As the node takes it.</param>
    /// <param name="cancel">Gives up before it is written down.</param>
    /// <returns>Its answer, which is the contract's, as bytes.</returns>
    /// <exception cref="InvalidRequestException">It is nobody's name.</exception>
    /// <exception cref="RefusalException">As for <see cref="AskAsync"/>.</exception>
    public async Task<ReadOnlyMemory<byte>> OrderAsync(Actor actor, Reason reason, Operation operation, string words, string node, Question order, CancellationToken cancel)
    {
        AdminRules.CheckNode(node);
        var member = NodeNames.Member(directory.State, node);
        CheckCapability(SessionOf(member), order);
        var record = new OrderRecord(words, time.GetUtcNow().ToUnixTimeSeconds());
        cancel.ThrowIfCancellationRequested();
        // Who has gone meanwhile would leave an order that is written down and never given.
        await directory.ChangeAsync(new Cause(actor, operation, reason), draft => draft.Put(StoreKeys.Order((draft.State.Member(member.Id)?.Record ?? NodeNames.Member(draft.State, node)).Id), record), CancellationToken.None);
        try
        {
            return await AskAsync(member, order, CancellationToken.None);
        }
        catch (RefusalException e)
        {
            await NoteAsync(actor, e.MayBeDone ? Operation.UnansweredOrder : Operation.RefuseOrder, member, record with { Refused = e.Message });
            throw;
        }
    }

    // A node that has left meanwhile took the order along.
    private Task NoteAsync(Actor actor, Operation operation, StoredNode member, OrderRecord record) => directory.ChangeAsync(new Cause(actor, operation, Reason.None), draft =>
    {
        if (draft.State.Member(member.Id) is not null)
            draft.Put(StoreKeys.Order(member.Id), record);
    }, CancellationToken.None);

    private static void CheckCapability(NodeSession session, Question question)
    {
        if (!session.Capabilities.Contains(question.Capability))
        {
            throw new RefusalException(RefusalReason.Precondition,
                $"The agent of that node ({session.Version}) is too old for this. Upgrade meshover there, or run `meshover` on it.");
        }
    }

    // Of two copies the newest.
    private NodeSession SessionOf(StoredNode node)
    {
        var known = live.State.Node(node.Id);
        if (known is { Sessions: [.., var newest] })
            return newest;
        var since = known is null ? "has not been since the controller's start" : $"was last heard at {known.LastSeen:u}";
        throw new RefusalException(RefusalReason.Unanswered,
            $"The node \"{node.HostName}\" is not connected (it {since}), so it cannot be asked. `meshover status` on it says why.");
    }
}
