using Meshover.Cli.CommandLine;
using Meshover.Contract.V1;

namespace Meshover.Cli.Keys;

/// <summary>
/// A change of the key as it shows in the agent's status, one look after the other. Where another change follows it before it is seen to end,
/// that one is followed from then on: the wish was for a new key, and its is newer. No I/O.
/// </summary>
internal sealed class FollowedKeyChange(RotateKeyResponse begun)
{
    /// <summary>The stage in which the new key is in use, and the former is kept.</summary>
    public const string InUse = "in-use";

    private string _newKey = begun.NewKey;
    private bool _joined = begun.Joined;

    /// <summary>How far it is, in a sentence.</summary>
    public string State { get; private set; } =
        begun.Joined ? "A key change is already under way; waiting for it to finish." : $"The new key is {begun.NewKey}.";

    /// <summary>Takes the next look. Null: it is still under way.</summary>
    /// <exception cref="CliException">It was given up: why.</exception>
    public RotateKeyDocument? Take(AgentStatus status)
    {
        if (status.KeyChange is { } change)
            return Take(status, change);
        if (status.PublicKey == _newKey)
            return Document((uint)status.Peers.Count, (uint)status.Peers.Count);
        throw new CliException(status.KeyChangeProblem.Length > 0
            ? status.KeyChangeProblem
            : "The key change did not finish: it was abandoned, or another one followed it. The agent's log says which.");
    }

    private RotateKeyDocument? Take(AgentStatus status, KeyChange change)
    {
        var isInUse = change.Stage == InUse;
        var newest = isInUse ? status.PublicKey : change.OtherKey;
        if (newest != _newKey)
            (_newKey, _joined) = (newest, true);
        State = Describe(change);
        return isInUse && change.Missing.Count == 0 && status.Dataplane?.State is "ok" or "off" ? Document(change.Peers, change.Agreed) : null;
    }

    private RotateKeyDocument Document(uint peers, uint agreed) =>
        new() { PublicKey = _newKey, Joined = _joined, Peers = peers, Agreed = agreed, Complete = agreed == peers };

    private static string Describe(KeyChange change) => change switch
    {
        { Stage: "prepared" } => "Waiting for the data plane to take the new key.",
        { Stage: "declared" } => "Waiting for the controller to tell the mesh of the new key.",
        _ => $"The new key is in use, agreed with {change.Agreed} of {change.Peers} peers"
            + $"{(change.Missing.Count > 0 ? $"; waiting for {string.Join(", ", change.Missing)}" : "")}.",
    };
}
