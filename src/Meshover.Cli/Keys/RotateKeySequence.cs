using Grpc.Core;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Contract.V1;

namespace Meshover.Cli.Keys;

/// <summary>Asks the agent for another key, and follows how far that is; an agent that is started again meanwhile goes on where it was.</summary>
internal sealed class RotateKeySequence(NodePaths paths, Action<string> tell, TimeProvider time)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private string _told = "";

    /// <exception cref="CliException">It cannot be begun, was given up, or took longer: why, and what to do.</exception>
    public async Task<RotateKeyDocument> RunAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var deadline = time.GetUtcNow() + timeout;
        var followed = new FollowedKeyChange(await BeginAsync(cancellationToken));
        Tell(followed.State);
        while (time.GetUtcNow() < deadline)
        {
            if (await AgentApi.TryGetStatusAsync(paths.AgentSocket, time, cancellationToken) is { } status && followed.Take(status) is { } result)
                return result;
            Tell(followed.State);
            await Task.Delay(LookEvery, time, cancellationToken);
        }
        throw new CliException($"After {timeout.TotalSeconds:0} s: {followed.State} It continues by itself: `meshover status` shows how far it is, and "
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
            throw new CliException("The running agent is older than this program and cannot change the key: restart it (`systemctl restart meshover-agent`, or `meshover down` and `meshover up`).", inner: e);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw NoAgent(e);
        }
    }

    private static CliException NoAgent(Exception? inner = null) =>
        new("No agent answers on this machine: start it with `meshover up`; a machine that is in no mesh joins one with "
            + "`meshover up --join STRING`.", inner: inner);

    private void Tell(string what)
    {
        if (what != _told)
            tell(what);
        _told = what;
    }
}
