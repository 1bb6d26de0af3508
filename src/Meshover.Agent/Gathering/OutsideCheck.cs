using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Meshover.Linux.Icmp;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Gathering;

/// <summary>
/// Whether what is gathered here would get out: hosts outside are asked for an echo five times a second, by the underlay's own routes. While none of them has
/// answered for <see cref="Silence"/>, that is told, and other owners take the packets.
/// </summary>
/// <param name="targets">Of either family; one answer is enough.</param>
/// <param name="mark">Of packets that take the underlay.</param>
internal sealed partial class OutsideCheck(ImmutableArray<IPAddress> targets, uint mark, ChannelWriter<AgentInput> inputs, ILogger logger, TimeProvider time)
{
    internal static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    internal static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<IPAddress, long> _answered = [];
    private readonly long _begun = time.GetTimestamp();
    private bool _isFailing;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await AskAsync(cancellationToken);
            }
            catch (SocketException e)
            {
                LogCannot(logger, e.Message);
            }
            await TellAsync(cancellationToken);
            await Task.Delay(RetryAfterFailure, time, cancellationToken);
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        var sockets = targets.Select(target => target.AddressFamily).Distinct().ToDictionary(family => family, family => new MarkedEcho(family, mark));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] listening = [.. sockets.Values.Select(socket => ListenAsync(socket, stop.Token))];
        try
        {
            using var timer = new PeriodicTimer(Every, time);
            while (await timer.WaitForNextTickAsync(cancellationToken) && !listening.Any(task => task.IsCompleted))
            {
                foreach (var target in targets)
                    TryAsk(sockets[target.AddressFamily], target);
                await TellAsync(cancellationToken);
            }
            await Task.WhenAny(listening).Unwrap();
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(listening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var socket in sockets.Values)
                socket.Dispose();
        }
    }

    /// <summary>What cannot be sent, as there is no route, has no answer either.</summary>
    private static void TryAsk(MarkedEcho socket, IPAddress target)
    {
        try
        {
            socket.Ask(target);
        }
        catch (SocketException)
        {
        }
    }

    private async Task ListenAsync(MarkedEcho socket, CancellationToken cancellationToken)
    {
        while (true)
        {
            var from = await socket.ReceiveAsync(cancellationToken);
            if (targets.Contains(from))
                _answered[from] = time.GetTimestamp();
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var isFailing = IsSilent(_answered.Values.Append(_begun).Max(), time.GetTimestamp());
        if (isFailing == _isFailing)
            return;
        _isFailing = isFailing;
        if (isFailing)
            LogFailing(logger);
        else
            LogWell(logger);
        await inputs.WriteAsync(new AgentInput.GatherChecked(isFailing), cancellationToken);
    }

    private bool IsSilent(long last, long now) => time.GetElapsedTime(last, now) > Silence;

    [LoggerMessage(Level = LogLevel.Warning, Message = "gather-check: none of the hosts outside answers; other owners are to take what is gathered here")]
    private static partial void LogFailing(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "gather-check: the hosts outside answer")]
    private static partial void LogWell(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "gather-check: nobody can be asked: {Reason}")]
    private static partial void LogCannot(ILogger logger, string reason);
}
