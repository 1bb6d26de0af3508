using System.Collections.Immutable;
using System.Net;
using Grpc.Core;
using Meshover.Contract.V1;
using Meshover.Kube.Watching;
using Microsoft.Extensions.Logging;

namespace Meshover.Kube.Telling;

/// <summary>
/// Tells the agent of this machine what is known, for as long as both live: all of it each time, so an agent that starts anew, or was away, misses nothing. A burst
/// is told as where it ended.
/// </summary>
/// <param name="socket">Of the agent's local API.</param>
/// <param name="board">What is known.</param>
/// <param name="jitter">Gives a number from 0 to 1.</param>
/// <param name="logger">For what goes wrong.</param>
/// <param name="time">For waits.</param>
internal sealed partial class AgentTeller(string socket, SightBoard board, Func<double> jitter, ILogger logger, TimeProvider time)
{
    /// <summary>As `meshover status` calls it.</summary>
    public const string Provider = "kubernetes";

    /// <summary>After something was told: a thousand changes in a second are four for the mesh.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(200), LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForgetPatience = TimeSpan.FromSeconds(5), ForgetAgainAfter = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(ShortestWait, LongestWait, jitter);
        while (true)
        {
            try
            {
                await TellAsync(backoff.Reset, cancellationToken);
            }
            catch (Exception e) when (e is RpcException or IOException && !cancellationToken.IsCancellationRequested)
            {
                LogNotTold(logger, Reason(e));
            }
            await Task.Delay(backoff.Next(), time, cancellationToken);
        }
    }

    /// <summary>Takes back all that was told. The agent may not have seen yet that the program which told it has ended, and is asked again for a while.</summary>
    /// <exception cref="KubeException">The agent does not take it: why.</exception>
    public static async Task ForgetAsync(string socket, TimeProvider time, CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() + ForgetPatience;
        while (true)
        {
            try
            {
                await TellOfNothingAsync(socket, time.GetUtcNow() + ForgetPatience, cancellationToken);
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition && time.GetUtcNow() + ForgetAgainAfter < until)
            {
                await Task.Delay(ForgetAgainAfter, time, cancellationToken);
            }
            catch (Exception e) when (e is RpcException or IOException && !cancellationToken.IsCancellationRequested)
            {
                throw new KubeException($"It cannot be taken back: {Reason(e)}", e);
            }
        }
    }

    private static async Task TellOfNothingAsync(string socket, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        using var channel = AgentChannel.Open(socket);
        using var call = new LocalService.LocalServiceClient(channel).Provide(deadline: deadline.UtcDateTime, cancellationToken: cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(Update(new NodeSight([], "")), cancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // The agent has ended the call already, which says why.
        }
        await call.ResponseAsync;
    }

    /// <summary>One call, until the agent ends it.</summary>
    private async Task TellAsync(Action told, CancellationToken cancellationToken)
    {
        using var channel = AgentChannel.Open(socket);
        using var call = new LocalService.LocalServiceClient(channel).Provide(cancellationToken: cancellationToken);
        var over = call.ResponseAsync;
        while (!over.IsCompleted)
        {
            var (sight, changed) = board.Look();
            try
            {
                await call.RequestStream.WriteAsync(Update(sight), cancellationToken);
            }
            catch (Exception e) when (e is RpcException or IOException or InvalidOperationException)
            {
                break; // the call says why
            }
            await Task.WhenAny(over, Task.Delay(Settling, time, cancellationToken));
            if (!over.IsCompleted)
                told();
            await Task.WhenAny(over, changed.WaitAsync(cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        await over;
    }

    private static ProvideUpdate Update(NodeSight sight)
    {
        var update = new ProvideUpdate { Provider = Provider, Status = sight.Words };
        if (sight.Prefixes is { } prefixes)
            update.Prefixes = new ProvidedPrefixes { Prefix = { prefixes.Select(prefix => prefix.ToString()) } };
        return update;
    }

    private static string Reason(Exception e) => e switch
    {
        RpcException { StatusCode: StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.Internal } => "the agent does not answer: is it running (`meshover status`)?",
        RpcException { StatusCode: StatusCode.Unimplemented } => "the agent is of an older release, which takes nothing from providers",
        RpcException { StatusCode: StatusCode.DeadlineExceeded } => "the agent does not answer in time",
        RpcException rpc => rpc.Status.Detail,
        _ => e.Message,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "The agent is not told: {Reason}")]
    private static partial void LogNotTold(ILogger logger, string reason);
}
