using Grpc.Core;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Contract.V1;

namespace Meshover.Cli.Announcing;

/// <summary>A command that the agent does, or says why not.</summary>
internal static class LocalCall
{
    /// <param name="within">What the agent has for it.</param>
    /// <exception cref="CliException">It was not done: why.</exception>
    public static async Task<T> AskAsync<T>(NodePaths paths, TimeSpan within, Func<LocalService.LocalServiceClient, CallOptions, AsyncUnaryCall<T>> ask, CancellationToken cancellationToken)
    {
        if (!File.Exists(paths.AgentSocket))
            throw NoAgent();
        using var channel = LocalChannel.Open(paths.AgentSocket);
        try
        {
            return await ask(new LocalService.LocalServiceClient(channel), new CallOptions(deadline: (TimeProvider.System.GetUtcNow() + within).UtcDateTime, cancellationToken: cancellationToken));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
        {
            throw new CliException(e.Status.Detail, inner: e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unimplemented)
        {
            throw new CliException("The running agent is older than this program and does not know this: restart it (`systemctl restart meshover-agent`, or `meshover down` and `meshover up`).", inner: e);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded)
        {
            throw new CliException($"The agent has not done it within {within.TotalSeconds:0} s; it goes on by itself, and `meshover status` shows how far it is.", inner: e);
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw NoAgent(e);
        }
    }

    private static CliException NoAgent(Exception? inner = null) =>
        new("No agent answers on this machine: start it with `meshover up`; a machine that is in no mesh joins one with `meshover up --join STRING`.", inner: inner);
}
