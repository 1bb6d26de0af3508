using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Nftables;

/// <summary>
/// The filter table as iptables(8) sees it, for rules beside those of a program that uses it itself: <c>nft</c> may not touch what
/// iptables keeps.
/// </summary>
/// <param name="program"><c>iptables</c> or <c>ip6tables</c>.</param>
/// <param name="namespacePath">Such as <c>/run/netns/NAME</c>; null for the process's own namespace.</param>
public sealed class Iptables(string program, string? namespacePath = null)
{
    /// <summary>Seconds that another iptables at work is waited for.</summary>
    private const string LockWait = "5";

    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(20);

    public string Program => program;

    /// <summary>The table, or one chain of it, as <c>-S</c> prints it, a rule a line; empty where there is none, or no such program.</summary>
    public async Task<ImmutableArray<string>> ListAsync(string? chain, CancellationToken cancellationToken)
    {
        var ending = await RunAsync(chain is null ? ["-S"] : ["-S", chain], cancellationToken).ConfigureAwait(false);
        return ending is { ExitCode: 0 } ? [.. ending.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)] : [];
    }

    /// <summary>Changes it, such as <c>-I CHAIN …</c>.</summary>
    /// <exception cref="IptablesException">It refused, or is not installed.</exception>
    public async Task ChangeAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var ending = await RunAsync(arguments, cancellationToken).ConfigureAwait(false);
        if (ending is not { ExitCode: 0 })
            throw new IptablesException(program, string.Join(' ', arguments), ending?.Errors.Trim() ?? "it is not installed");
    }

    private async Task<Ending?> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, ["-w", LockWait, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = TryStart(start);
        if (process is null)
            return null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(RunTime);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            return new Ending(process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            cancellationToken.ThrowIfCancellationRequested();
            throw new IptablesException(program, string.Join(' ', arguments), $"it did not end within {RunTime.TotalSeconds:0} s");
        }
    }

    // A child is born into the namespace of the thread that makes it.
    private Process? TryStart(ProcessStartInfo start)
    {
        try
        {
            return namespacePath is null ? Process.Start(start) : NetworkNamespace.RunIn(namespacePath, () => Process.Start(start));
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private sealed record Ending(int ExitCode, string Output, string Errors);
}
