using System.Collections.Immutable;
using System.Security.Cryptography;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;

namespace Meshover.Controller.Console.Apart;

/// <summary>Tells the controller who is signed in here, so that its administrators see them, and ends those whom they have ended.</summary>
internal sealed class SessionsReporter(PortClient client, Sessions sessions, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    private readonly string _console = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private bool _hasTold;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await ReportAsync([.. sessions.List().Select(SignedIn.ToView)], stoppingToken);
    }

    private async Task ReportAsync(ImmutableArray<Administration.SessionView> live, CancellationToken cancel)
    {
        // Where nobody is signed in that is told once.
        if (live.IsEmpty && !_hasTold)
            return;
        try
        {
            var ended = await client.AskAsync(PortCalls.Sessions, new SessionsReport(_console, live), cancel);
            _hasTold = !live.IsEmpty;
            if (!ended.Ids.IsEmpty)
                sessions.End(session => ended.Ids.Contains(session.Id));
        }
        catch (ConsoleRefusalException)
        {
            // That it cannot be asked is in the log by now (PictureKeeper).
        }
    }
}
