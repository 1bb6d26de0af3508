using System.Collections.Immutable;
using Meshover.Linux.Processes;

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

    /// <summary>Null: it is not installed.</summary>
    private async Task<ProgramEnding?> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await new ProgramRun(program, ["-w", LockWait, .. arguments]) { NamespacePath = namespacePath }.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ProgramException e) when (e.IsNotStarted)
        {
            return null;
        }
        catch (ProgramException e)
        {
            throw new IptablesException(program, string.Join(' ', arguments), e.Message);
        }
    }
}
