using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Meshover.Linux.Icmp;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent.Gathering;

/// <summary>
/// Whether what is gathered here would get out: hosts outside are asked for an echo five times a second, by the underlay's own routes. While none of them has
/// answered for <see cref="OutsideVerdict.Silence"/>, that is told, and other owners take the packets. Each family is asked for itself: one that the machine
/// has not keeps nobody from asking over the other.
/// </summary>
/// <param name="targets">Of either family; one answer is enough.</param>
/// <param name="wasFailing">What the mesh was told last.</param>
/// <param name="open">A socket of a family, whose packets take the underlay.</param>
internal sealed partial class OutsideCheck(
    ImmutableArray<IPAddress> targets, bool wasFailing, Func<AddressFamily, IMarkedEcho> open, ChannelWriter<AgentInput> inputs, ILogger logger, TimeProvider time)
{
    internal static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(1);

    private readonly OutsideVerdict _verdict = new(wasFailing, time);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var families = targets.GroupBy(target => target.AddressFamily);
        Task[] parts = [TellAsync(cancellationToken), .. families.Select(family => AskAsync(family.Key, [.. family], cancellationToken))];
        await await Task.WhenAny(parts);
    }

    private async Task AskAsync(AddressFamily family, ImmutableArray<IPAddress> hosts, CancellationToken cancellationToken)
    {
        var said = "";
        while (true)
        {
            try
            {
                using var socket = open(family);
                await AskAsync(socket, hosts, cancellationToken);
            }
            catch (SocketException e)
            {
                if (said != e.Message)
                    LogCannot(logger, family == AddressFamily.InterNetwork ? "IPv4" : "IPv6", e.Message);
                said = e.Message;
            }
            await Task.Delay(RetryAfterFailure, time, cancellationToken);
        }
    }

    private async Task AskAsync(IMarkedEcho socket, ImmutableArray<IPAddress> hosts, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listening = ListenAsync(socket, stop.Token);
        try
        {
            using var timer = new PeriodicTimer(Every, time);
            while (!listening.IsCompleted && await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var host in hosts)
                    TryAsk(socket, host);
            }
            await listening;
        }
        finally
        {
            await stop.CancelAsync();
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What cannot be sent, as there is no route, has no answer either.</summary>
    private static void TryAsk(IMarkedEcho socket, IPAddress host)
    {
        try
        {
            socket.Ask(host);
        }
        catch (SocketException)
        {
        }
    }

    private async Task ListenAsync(IMarkedEcho socket, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (targets.Contains(await socket.ReceiveAsync(cancellationToken)))
                _verdict.Answered();
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (!_verdict.Look())
                continue;
            if (_verdict.IsFailing)
                LogFailing(logger);
            else
                LogWell(logger);
            await inputs.WriteAsync(new AgentInput.GatherChecked(_verdict.IsFailing), cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "gather-check: none of the hosts outside answers; other owners are to take what is gathered here")]
    private static partial void LogFailing(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "gather-check: the hosts outside answer")]
    private static partial void LogWell(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "gather-check: nobody can be asked over {Family}: {Reason}")]
    private static partial void LogCannot(ILogger logger, string family, string reason);
}
