using System.Collections.Immutable;
using System.Security.Cryptography;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Meshover.Controller.Administration;

namespace Meshover.Controller.Console.Apart;

/// <summary>
/// Tells the controller who is signed in here, so that its administrators see them, and ends those of whom it answers that they have ended. That is a small call of
/// its own: it arrives also where the picture is too long for the way.
/// </summary>
internal sealed partial class SessionsReporter(PortClient client, Sessions sessions, TimeProvider time, ILogger<SessionsReporter> log) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    private readonly string _console = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private bool _hasTold;
    private string? _said;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await ReportAsync([.. sessions.List().Select(SignedIn.ToView)], stoppingToken);
    }

    private async Task ReportAsync(ImmutableArray<SessionView> live, CancellationToken cancel)
    {
        // Where nobody is signed in that is told once.
        if (live.IsEmpty && !_hasTold)
            return;
        try
        {
            var answer = await client.AskAsync(PortCalls.Sessions, new SessionsReport(_console, time.GetUtcNow(), live), cancel);
            _hasTold = !live.IsEmpty;
            if (!answer.Ended.IsEmpty)
                sessions.End(session => answer.Ended.Contains(session.Id));
            Say(answer.NotListed);
        }
        catch (ConsoleRefusalException e)
        {
            Say(e.Message);
        }
    }

    // Once for each reason. That the controller is away is in the log by now (PictureKeeper).
    private void Say(string? why)
    {
        if (why is not null && why != _said && why != client.Away)
            LogNotTold(log, why);
        _said = why;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The controller does not know of all who are signed in here: {Reason}")]
    private static partial void LogNotTold(ILogger logger, string reason);
}
