using System.Net.Sockets;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>One session with a speaker of this machine, from its connection on (RFC 4271 section 8, the passive side). It hears, and tells nothing.</summary>
/// <param name="stream">The connection; whoever made it closes it.</param>
/// <param name="own">What the speaker is told of us.</param>
/// <param name="table">Where what it says goes.</param>
/// <param name="time">For the timers.</param>
internal sealed class SpeakerSession(Stream stream, BgpOpen own, SpeakerTable table, TimeProvider time)
{
    /// <summary>In seconds (RFC 4271 section 10).</summary>
    public const ushort HoldTime = 90;

    /// <summary>For the first message of the speaker: whoever only connects must not hold a place for long.</summary>
    private static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NotifyWithin = TimeSpan.FromSeconds(1);

    /// <summary>Called when the session stands.</summary>
    public Action? Established { get; init; }

    /// <summary>Why it ended, for people; null while it runs.</summary>
    public string? Ended { get; private set; }

    /// <summary>Until the session is over, which is no failure. An agent that ends just closes it: a speaker that is told to cease waits for longer before it dials again.</summary>
    /// <exception cref="OperationCanceledException">The agent ends.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var superseded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        SpeakerHandle? handle = null;
        var isBroken = true;
        try
        {
            await WriteAsync(BgpMessageType.Open, own.Write(), superseded.Token);
            var open = BgpOpen.Read((await ExpectAsync(BgpMessageType.Open, OpenWithin, superseded.Token)).Span);
            var hold = TimeSpan.FromSeconds(Math.Min(HoldTime, open.HoldTime));
            await WriteAsync(BgpMessageType.KeepAlive, [], superseded.Token);
            await ExpectAsync(BgpMessageType.KeepAlive, hold > TimeSpan.Zero ? hold : OpenWithin, superseded.Token);
            handle = table.Connect(open, superseded.Cancel);
            // Whoever restarts waits for the end of what we have to tell, which is nothing (RFC 4724 section 2).
            await WriteAsync(BgpMessageType.Update, BgpUpdate.EndOfIPv4, superseded.Token);
            await WriteAsync(BgpMessageType.Update, BgpUpdate.EndOfIPv6, superseded.Token);
            Established?.Invoke();
            await HearAsync(handle.Value, hold, superseded.Token);
        }
        catch (BgpException e)
        {
            Ended = e.Message;
            isBroken = e.IsSilence; // it may well be starting anew
            await NotifyAsync(e);
        }
        catch (NotifiedException e)
        {
            (Ended, isBroken) = (e.Message, false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Ended = "the connection ended";
        }
        catch (OperationCanceledException) when (superseded.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Ended = "it has a newer session";
            await NotifyAsync(BgpException.Cease(7, Ended));
        }
        finally
        {
            // An agent that ends leaves what was told to its successor.
            if (handle is { } connected && !cancellationToken.IsCancellationRequested)
                table.Disconnect(connected, isBroken);
        }
    }

    private async Task HearAsync(SpeakerHandle handle, TimeSpan hold, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var living = hold > TimeSpan.Zero ? KeepAliveAsync(hold / 3, stop.Token) : Task.CompletedTask;
        try
        {
            while (true)
            {
                var message = await ReadAsync(hold, cancellationToken);
                if (message.Type == BgpMessageType.Update)
                    table.Take(handle, BgpUpdate.Read(message.Body.Span));
                else if (message.Type is not (BgpMessageType.KeepAlive or BgpMessageType.RouteRefresh)) // who tells nothing refreshes nothing
                    throw BgpException.State(message.Type);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await living.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task KeepAliveAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            await WriteAsync(BgpMessageType.KeepAlive, [], cancellationToken);
    }

    private async Task<ReadOnlyMemory<byte>> ExpectAsync(BgpMessageType type, TimeSpan within, CancellationToken cancellationToken)
    {
        var message = await ReadAsync(within, cancellationToken);
        return message.Type == type ? message.Body : throw BgpException.State(message.Type);
    }

    /// <param name="hold">Zero: for ever.</param>
    private async Task<BgpMessage> ReadAsync(TimeSpan hold, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(hold > TimeSpan.Zero ? hold : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            var message = await BgpMessage.ReadAsync(stream, either.Token);
            return message.Type == BgpMessageType.Notification
                ? throw new NotifiedException($"it ended the session (NOTIFICATION {message.Body.Span[0]}/{message.Body.Span[1]}, RFC 4271 section 4.5)")
                : message;
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw BgpException.HoldTimer();
        }
    }

    private async Task WriteAsync(BgpMessageType type, byte[] body, CancellationToken cancellationToken) =>
        await stream.WriteAsync(BgpMessage.Write(type, body), cancellationToken);

    private async Task NotifyAsync(BgpException why)
    {
        using var patience = new CancellationTokenSource(NotifyWithin, time);
        try
        {
            await WriteAsync(BgpMessageType.Notification, [why.Code, why.Subcode], patience.Token);
            // Closed with something unread, the connection would be reset, and the NOTIFICATION lost with it.
            var unread = new byte[BgpMessage.MaxLength];
            while (await stream.ReadAsync(unread, patience.Token) > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // It is gone already.
        }
    }

    private sealed class NotifiedException(string message) : Exception(message);
}
