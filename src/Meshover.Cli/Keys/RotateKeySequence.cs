using Grpc.Core;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Contract.V1;

namespace Meshover.Cli.Keys;

/// <summary>Asks the agent for another key, and follows how far that is; an agent that is started again meanwhile goes on where it was.</summary>
internal sealed class RotateKeySequence(NodePaths paths, Action<string> tell, TimeProvider time)
{
    private const string InUse = "in-use";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private string _told = "";

    /// <exception cref="CliException">It cannot be begun, was given up, or took longer: why, and what to do.</exception>
    public async Task<RotateKeyDocument> RunAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = time.GetUtcNow() + timeout;
        var begun = await BeginAsync(cancellationToken);
        Tell(begun.Joined ? "A change of the key is under way already; waiting for its end." : $"The new key is {begun.NewKey}.");
        AgentStatus? last = null;
        while (time.GetUtcNow() < deadline)
        {
            last = await AgentApi.TryGetStatusAsync(paths.AgentSocket, time, cancellationToken) ?? last;
            if (last is not null && Judge(last, begun) is { } result)
                return result;
            await Task.Delay(LookEvery, time, cancellationToken);
        }
        throw new CliException($"After {timeout.TotalSeconds:0} s {Describe(last?.KeyChange)} It goes on by itself: `meshover status` shows how far it is, and "
            + "`meshover rotate-key --timeout SECONDS` waits again.");
    }

    private async Task<RotateKeyResponse> BeginAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(paths.AgentSocket))
            throw NoAgent();
        using var channel = LocalChannel.Open(paths.AgentSocket);
        try
        {
            return await new LocalService.LocalServiceClient(channel)
                .RotateKeyAsync(new RotateKeyRequest(), deadline: (time.GetUtcNow() + AnswerWithin).UtcDateTime, cancellationToken: cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
        {
            throw new CliException(e.Status.Detail, inner: e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw new CliException("The agent that runs is older than this program and cannot change the key: restart it with `meshover up`.", inner: e);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw NoAgent(e);
        }
    }

    private static CliException NoAgent(Exception? inner = null) =>
        new("No agent answers on this machine: start it with `meshover up`; a machine that is in no mesh joins one with `meshover up --join STRING`.", inner: inner);

    /// <summary>Null: it is still under way.</summary>
    private RotateKeyDocument? Judge(AgentStatus status, RotateKeyResponse begun)
    {
        if (status.KeyChange is { } change)
        {
            Tell(Describe(change));
            return change.Stage == InUse && status.PublicKey == begun.NewKey && change.Missing.Count == 0 && status.Dataplane?.State is "ok" or "off"
                ? Document(begun, change.Peers, change.Agreed, complete: change.Agreed == change.Peers)
                : null;
        }
        if (status.PublicKey == begun.NewKey)
            return Document(begun, (uint)status.Peers.Count, (uint)status.Peers.Count, complete: true);
        throw new CliException(status.KeyChangeProblem.Length > 0
            ? status.KeyChangeProblem
            : "The change of the key did not come to its end: it was given up, or another one has followed it. The agent's log says which.");
    }

    private static RotateKeyDocument Document(RotateKeyResponse begun, uint peers, uint agreed, bool complete) =>
        new() { PublicKey = begun.NewKey, Joined = begun.Joined, Peers = peers, Agreed = agreed, Complete = complete };

    private static string Describe(KeyChange? change) => change switch
    {
        null => "the agent does not answer.",
        { Stage: "prepared" } => "the data plane is to take the new key.",
        { Stage: "declared" } => "the controller is to tell the mesh of the new key.",
        { Missing.Count: > 0 } => $"the new key is in use, agreed with {change.Agreed} of {change.Peers} peers; waiting for {string.Join(", ", change.Missing)}.",
        _ => $"the new key is in use, agreed with {change.Agreed} of {change.Peers} peers.",
    };

    private void Tell(string what)
    {
        if (what != _told)
            tell(what);
        _told = what;
    }
}
