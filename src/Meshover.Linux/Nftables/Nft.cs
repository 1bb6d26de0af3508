using System.Text.Json;
using Meshover.Linux.Processes;

namespace Meshover.Linux.Nftables;

/// <summary>
/// The firewall of one network namespace, through <c>nft -j</c> (libnftables-json(5)): one run is one transaction, all of it or nothing.
/// </summary>
/// <param name="namespacePath">Such as <c>/run/netns/NAME</c>; null for the process's own namespace.</param>
/// <param name="program">A path, or a name that is looked for in PATH.</param>
public sealed class Nft(string? namespacePath = null, string program = "nft")
{
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
        try
        {
            var ending = await new ProgramRun(program, arguments) { Input = input, NamespacePath = namespacePath }.RunAsync(cancellationToken).ConfigureAwait(false);
            return ending.ExitCode == 0
                ? ending.Output
                : throw new NftException(operation, $"nft: {ending.Errors.Trim()} (exit {ending.ExitCode})") { IsRefusal = ending.Signal is null };
        }
        catch (ProgramException e)
        {
            throw new NftException(operation, e.IsNotStarted ? $"{e.Message}; install the package nftables" : e.Message) { IsNotInstalled = e.IsNotStarted };
        }
    }
}
