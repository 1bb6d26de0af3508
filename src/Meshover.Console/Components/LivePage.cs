using Meshover.Console.Live;
using Meshover.Console.SignIn;
using Meshover.Console.UseCases;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.JSInterop;

namespace Meshover.Console.Components;

/// <summary>
/// A page that shows the mesh as it is now. What there is new to see waits for the page, and not the page for it: while one rendering is under way or on its way to
/// the browser, all that comes is one more at most.
/// </summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private IDisposable? _subscription;
    private int _isTold;
    private string? _notSeen;

    [Inject]
    protected MeshConsole Console { get; set; } = null!;

    [Inject]
    protected LiveMesh Live { get; set; } = null!;

    [Inject]
    protected NavigationManager Navigation { get; set; } = null!;

    [Inject]
    protected TimeProvider Time { get; set; } = null!;

    [Inject]
    protected IJSRuntime Js { get; set; } = null!;

    [CascadingParameter]
    protected Words Words { get; set; } = null!;

    [CascadingParameter]
    private Task<AuthenticationState> SignedIn { get; set; } = null!;

    protected ConsoleUser User { get; private set; } = null!;

    protected MeshView View { get; private set; } = MeshView.Nothing;

    /// <summary>Nobody could be asked yet how the mesh is: that nothing is shown does not say that there is nothing.</summary>
    protected bool IsNotKnown => View.Nodes.IsEmpty && View.Away is not null;

    /// <summary>What went wrong last, for the viewer; null: nothing.</summary>
    protected string? Error { get; set; }

    /// <summary>Ends with the page.</summary>
    protected CancellationToken Gone { get; }

    protected LivePage() => Gone = _gone.Token;

    protected bool May(UseCase useCase) => MeshConsole.May(User, useCase);

    protected override async Task OnInitializedAsync()
    {
        User = ConsoleClaims.UserOf((await SignedIn).User) ?? throw new InvalidOperationException("A page was shown to nobody.");
        Look(told: null);
        if (RendererInfo.IsInteractive)
            _subscription = Live.Subscribe(Changed);
    }

    /// <summary>The <see cref="View"/> was looked at again, and may be another. While anybody looks that is each 5 s at least.</summary>
    protected virtual Task SeenAsync() => Task.CompletedTask;

    /// <summary>Does what the viewer asked for, and tells what was refused.</summary>
    /// <param name="action">Does it.</param>
    /// <param name="isStillAsked">What is refused when the viewer has gone on to something else is not told; null: they cannot have.</param>
    /// <returns>Whether it was done.</returns>
    protected async Task<bool> TryAsync(Func<Task> action, Func<bool>? isStillAsked = null)
    {
        ArgumentNullException.ThrowIfNull(action);
        Error = null;
        try
        {
            await action();
            return true;
        }
        catch (ConsoleRefusalException e)
        {
            if (isStillAsked is null || isStillAsked())
                Error = e.Message;
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Nobody looks any more.
        }
        return false;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _gone.IsCancellationRequested)
            return;
        _subscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }

    private void Look(MeshView? told)
    {
        try
        {
            View = Console.Look(User, told);
        }
        catch (ConsoleRefusalException)
        {
            // The session has ended: all that is left to see is how to begin another.
            _ = LeaveAsync();
        }
    }

    private async Task LeaveAsync()
    {
        _subscription?.Dispose();
        try
        {
            await Js.InvokeVoidAsync("meshover.leave", $"{ConsoleSignIn.SignInPath}?ended=1");
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or InvalidOperationException)
        {
            // It has gone already, or was never there: then its next request leads it to the door.
        }
    }

    private void Changed()
    {
        if (Interlocked.Exchange(ref _isTold, 1) == 0)
            _ = InvokeAsync(ShowAsync);
    }

    private async Task ShowAsync()
    {
        Interlocked.Exchange(ref _isTold, 0);
        if (_gone.IsCancellationRequested)
            return;
        try
        {
            Look(Live.Newest);
            await SeenAsync();
            // What could not be seen can be again.
            if (_notSeen is not null && Error == _notSeen)
                Error = null;
            _notSeen = null;
            StateHasChanged();
        }
        catch (ConsoleRefusalException e)
        {
            _notSeen = Error = e.Message;
            StateHasChanged();
        }
        catch (Exception e) when (!_gone.IsCancellationRequested)
        {
            await DispatchExceptionAsync(e);
        }
    }
}
