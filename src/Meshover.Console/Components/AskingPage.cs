using Meshover.Console.UseCases;

namespace Meshover.Console.Components;

/// <summary>A page that asks nodes something, again and again for as long as it is open, and for nothing else: what, its address says.</summary>
public abstract class AskingPage : LivePage
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);
    private CancellationTokenSource? _former;
    private string? _asked;

    /// <summary>What is asked for; another one begins anew. Null: nothing.</summary>
    protected abstract string? Subject { get; }

    /// <summary>What is known of a former subject is worth nothing.</summary>
    protected abstract void Forget();

    /// <summary>Asks, and keeps the answers.</summary>
    /// <exception cref="ConsoleRefusalException">It is not answered, which is shown, and tried again.</exception>
    protected abstract Task AskAsync(CancellationToken left);

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_asked == Subject)
            return;
        _asked = Subject;
        Forget();
        _former?.Cancel();
        _former?.Dispose();
        _former = null;
        if (_asked is null)
            return;
        _former = CancellationTokenSource.CreateLinkedTokenSource(Gone);
        await AskOnAsync(_former.Token);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _former?.Dispose();
        _former = null;
    }

    private async Task AskOnAsync(CancellationToken left)
    {
        using var timer = new PeriodicTimer(AskEvery, Time);
        try
        {
            do
            {
                await TryAskAsync(left);
                left.ThrowIfCancellationRequested();
                StateHasChanged();
            }
            while (await timer.WaitForNextTickAsync(left));
        }
        catch (OperationCanceledException)
        {
            // Nobody looks any more.
        }
    }

    private async Task TryAskAsync(CancellationToken left)
    {
        try
        {
            await AskAsync(left);
            AskError = null;
        }
        catch (ConsoleRefusalException e)
        {
            AskError = e.Message;
        }
    }

    /// <summary>Why the last was not answered; null: it was.</summary>
    protected string? AskError { get; private set; }
}
