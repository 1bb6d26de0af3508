using Meshover.Agent.ControllerLink;
using Meshover.Agent.Reconciling;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Planning;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Trust;

/// <summary>
/// Changes the node's WireGuard key step by step (docs/decisions/017): begins when asked or when the key is old enough, and goes on when
/// what each step waits for is seen in the agent's state. Main loop.
/// </summary>
/// <param name="maxAge">The operator's bound on a key's age; null: none.</param>
internal sealed partial class KeyChanger(IdentityKeeper identities, TimeSpan? maxAge, ILogger logger, TimeProvider time)
{
    /// <summary>Who has not heard of the new key by then, hears of it from the controller when he is back.</summary>
    private static readonly TimeSpan KeepFormerKey = TimeSpan.FromHours(24);

    /// <summary>Nodes that were set up together do not change their keys together: each waits up to this part of the age longer.</summary>
    private const int SpreadShare = 10;
    private const int SpreadSteps = 100;

    /// <summary>A change by age that came to nothing is begun again after this: what was in its way is likely to be there still.</summary>
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMinutes(10);

    private string _problem = "";
    private TimeSpan _notBefore = TimeSpan.MinValue;

    /// <summary>Why the last change was given up, or one that is due by age was not begun; empty: neither.</summary>
    public string Problem => Volatile.Read(ref _problem);

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Begins a change, or joins the one that is under way.</summary>
    /// <exception cref="AgentException">It cannot be: why, and what to do.</exception>
    public KeyChangeAnswer Ask(AgentState state)
    {
        if (state.Link != LinkState.Connected)
        {
            var why = state.ControllerError.Length > 0 ? $" ({state.ControllerError})" : "";
            throw new AgentException(
                $"No controller answers{why}, and the other nodes learn of a new key through one: try again when `meshover status` shows it connected.");
        }
        if (SelfIn(state) is null)
            throw new AgentException("This node is not a member of the mesh (any more): join again with `meshover up --join STRING`.");
        var isUnderWay = IsUnderWay(state, identities.Current);
        if (!isUnderWay)
            Begin();
        return new KeyChangeAnswer(WireGuardKeys.Newest(identities.Current).ToString(), isUnderWay);
    }

    /// <summary>Takes the step that is due, if any. True: the data plane is to be given other keys.</summary>
    public bool Advance(AgentState state)
    {
        var before = identities.Current;
        if (before.KeyChange is { } change)
            Continue(state, before, change);
        else if (time.Uptime() >= _notBefore && IsTooOld(state, before))
            TryBegin();
        return !ReferenceEquals(before, identities.Current);
    }

    // One that waits for nodes alone that are not reached does not count.
    private static bool IsUnderWay(AgentState state, NodeIdentity identity) => identity.KeyChange is { } change
        && (change.Stage != KeyChangeStage.InUse || state.Dataplane is null || !KeyChangeProgress.Of(state, identity).Missing.IsEmpty);

    private void Continue(AgentState state, NodeIdentity identity, KeyChange change)
    {
        switch (change.Stage)
        {
            case KeyChangeStage.Prepared or KeyChangeStage.Declared when state.Link == LinkState.Refused:
                GiveUp(state.ControllerError);
                break;
            case KeyChangeStage.Prepared when DataplaneHas(state, change) && identities.IsSaved:
                identities.Update(now => now with { KeyChange = change with { Stage = KeyChangeStage.Declared } });
                break;
            case KeyChangeStage.Declared when SelfIn(state) is { } self && self.WireGuardKeys[0] == WireGuardKeys.PublicOf(change.OtherPrivateKey):
                identities.Update(now => now.WithNewKeyInUse(time.GetUtcNow()));
                LogInUse(logger, self.WireGuardKeys[0]);
                break;
            case KeyChangeStage.InUse when HasEverybody(state, identity) || IsFormerKeptLongEnough(change):
                identities.Update(now => now with { KeyChange = null });
                LogDone(logger, identity.WireGuardPublicKey);
                break;
        }
    }

    private void TryBegin()
    {
        try
        {
            Begin();
        }
        catch (AgentException e)
        {
            _notBefore = time.Uptime() + TryAgainAfter;
            Volatile.Write(ref _problem, e.Message);
            LogNotBegun(logger, e.Message);
        }
    }

    /// <summary>A change that waits for nodes that are away ends with this: what they knew is given up.</summary>
    private void Begin()
    {
        var before = identities.Current;
        var change = new KeyChange(WireGuardKeys.NewPrivateKey(), KeyChangeStage.Prepared, Now);
        identities.Update(now => now with { KeyChange = change });
        if (!identities.IsSaved)
        {
            identities.Update(now => now with { KeyChange = before.KeyChange });
            throw new AgentException("The new key cannot be written to the disk (the agent's log says why); the node keeps the one that it has.");
        }
        Volatile.Write(ref _problem, "");
        var key = WireGuardKeys.Newest(identities.Current);
        LogBegun(logger, key);
    }

    private void GiveUp(string reason)
    {
        _notBefore = time.Uptime() + TryAgainAfter;
        identities.Update(now => now with { KeyChange = null });
        Volatile.Write(ref _problem, $"The controller refused this node while it was changing its key, so it keeps the one that it has: {reason}");
        LogGivenUp(logger, reason);
    }

    private bool IsTooOld(AgentState state, NodeIdentity identity)
    {
        if (maxAge is not { } most || state.Link != LinkState.Connected || SelfIn(state) is not { } self)
            return false;
        if (identity.WireGuardKeyMade == 0)
            identity = identities.Update(now => now with { WireGuardKeyMade = Now });
        var spread = most / SpreadShare * (self.Id.Value % SpreadSteps) / SpreadSteps;
        return Now - identity.WireGuardKeyMade >= (most + spread).TotalSeconds;
    }

    private bool IsFormerKeptLongEnough(KeyChange change) =>
        time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(change.UsedSinceMs) >= KeepFormerKey;

    // A plan that leaves everybody out says nothing of them.
    private static bool HasEverybody(AgentState state, NodeIdentity identity) =>
        SelfIn(state) is not null && !state.IsMapTooOld && KeyChangeProgress.Of(state, identity).IsWhole;

    private static bool DataplaneHas(AgentState state, KeyChange change) =>
        state.Applied.Reports.GetValueOrDefault(Wanted.Dataplane)?.State == ComponentState.Off || KeyChangeProgress.IsTold(state, change);

    private static Mesh.Map.MeshNode? SelfIn(AgentState state) =>
        state is { Plan.Self: var self, Told: { } map } ? map.Nodes.GetValueOrDefault(self) : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "The WireGuard key is changing to {Key}")]
    private static partial void LogBegun(ILogger logger, WireGuardPublicKey key);

    [LoggerMessage(Level = LogLevel.Information, Message = "The WireGuard key {Key} is in use")]
    private static partial void LogInUse(ILogger logger, WireGuardPublicKey key);

    [LoggerMessage(Level = LogLevel.Information, Message = "The WireGuard key {Key} is the only one now")]
    private static partial void LogDone(ILogger logger, WireGuardPublicKey key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The WireGuard key is due for a change, but cannot be changed: {Reason}")]
    private static partial void LogNotBegun(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The WireGuard key change was abandoned, as the controller refused this node: {Reason}")]
    private static partial void LogGivenUp(ILogger logger, string reason);
}
