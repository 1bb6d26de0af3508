using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Meshover.Linux.Namespaces;

namespace Meshover.Linux.Nftables;

/// <summary>
/// The firewall of one network namespace, through <c>nft -j</c> (libnftables-json(5)): one run is one transaction, all of it or nothing.
/// </summary>
/// <param name="namespacePath">Such as <c>/run/netns/NAME</c>; null for the process's own namespace.</param>
/// <param name="program">A path, or a name that is looked for in PATH.</param>
public sealed class Nft(string? namespacePath = null, string program = "nft")
{
    /// <summary>Longer than any ruleset of ours takes; a hanging nft must not hang the agent.</summary>
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(20);

    /// <summary>Applies <c>{"nftables": [ … ]}</c>.</summary>
    /// <param name="json">The whole document.</param>
    /// <param name="operation">What it is for, for the error.</param>
    /// <exception cref="NftException">nft refused and changed nothing, or is not installed.</exception>
    public Task ApplyAsync(string json, string operation, CancellationToken cancellationToken) =>
        RunAsync(["-j", "-f", "-"], json, operation, cancellationToken);

    /// <summary>The table as nft's JSON; null where there is none.</summary>
    /// <exception cref="NftException">nft could not be run.</exception>
    public async Task<JsonDocument?> ListTableAsync(string family, string table, CancellationToken cancellationToken)
    {
        using var all = await ListAsync(["tables", family], "list nftables tables", cancellationToken).ConfigureAwait(false);
        if (!all.RootElement.GetProperty("nftables").EnumerateArray().Any(item => IsTable(item, table)))
            return null;
        return await ListAsync(["table", family, table], $"list nftables table {table}", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Everybody's tables, as nft's JSON.</summary>
    /// <exception cref="NftException">nft could not be run.</exception>
    public Task<string> ListRulesetAsync(CancellationToken cancellationToken) =>
        RunAsync(["-j", "list", "ruleset"], "", "list all of nftables", cancellationToken);

    /// <summary>Removes the table with all that is in it. False: there was none.</summary>
    public async Task<bool> DeleteTableAsync(string family, string table, CancellationToken cancellationToken)
    {
        using var existing = await ListTableAsync(family, table, cancellationToken).ConfigureAwait(false);
        if (existing is null)
            return false;
        await RunAsync(["delete", "table", family, table], "", $"delete nftables table {table}", cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task<JsonDocument> ListAsync(string[] what, string operation, CancellationToken cancellationToken)
    {
        var text = await RunAsync(["-j", "list", .. what], "", operation, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw new NftException(operation, $"nft printed no JSON: {error.Message}");
        }
    }

    private static bool IsTable(JsonElement item, string name) =>
        item.TryGetProperty("table", out var table) && table.GetProperty("name").ValueEquals(name);

    private async Task<string> RunAsync(string[] arguments, string input, string operation, CancellationToken cancellationToken)
    {
        using var process = StartNft(arguments, operation);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(RunTime);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token).ConfigureAwait(false);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            return process.ExitCode == 0
                ? await output.ConfigureAwait(false)
                : throw new NftException(operation, $"nft: {(await errors.ConfigureAwait(false)).Trim()} (exit {process.ExitCode})") { IsRefusal = true };
        }
        catch (IOException error)
        {
            throw new NftException(operation, $"nft ended early: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            cancellationToken.ThrowIfCancellationRequested();
            throw new NftException(operation, $"nft did not end within {RunTime.TotalSeconds:0} s");
        }
    }

    // A child is born into the namespace of the thread that makes it.
    private Process StartNft(string[] arguments, string operation)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return namespacePath is null ? Process.Start(start)! : NetworkNamespace.RunIn(namespacePath, () => Process.Start(start)!);
        }
        catch (Win32Exception error)
        {
            throw new NftException(operation, $"nft cannot be run ({error.Message}); install the package nftables") { IsNotInstalled = true };
        }
    }
}
