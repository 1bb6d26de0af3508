using System.Globalization;
using System.Net;
using Meshover.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Meshover.Names;

/// <summary>
/// Tells systemd-resolved, where that runs, to ask us for our zones and for nothing else: its settings of a link (resolvectl(1)), which go with the
/// link. Nothing is done on any other machine, nor in a network namespace that is not the machine's first: that resolved does not know its links.
/// </summary>
/// <param name="link">The interface's name.</param>
internal sealed partial class ResolvedLink(string link, ILogger logger, TimeProvider time)
{
    /// <summary>systemd-resolved takes 256 of a link, or none (LINK_SEARCH_DOMAINS_MAX). The names' own comes first, those of single addresses come last.</summary>
    public const int MostZones = 256;

    private const string Runtime = "/run/systemd/resolve";
    private const string Program = "resolvectl";

    /// <summary>Of deploy/systemd/meshover-dns.service.</summary>
    private const string UnitMark = "MESHOVER_DNS_UNIT";

    private static readonly TimeSpan First = TimeSpan.FromSeconds(5), Longest = TimeSpan.FromMinutes(5);

    private TimeSpan _wait = First;
    private DateTimeOffset _notBefore;
    private (string Index, string Wish)? _told;
    private string _said = "";

    /// <param name="servers">Addresses of ours at port 53, not of loopback.</param>
    /// <param name="zones">Without the dot at the end.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task LookAsync(IReadOnlyList<IPAddress> servers, IReadOnlyList<string> zones, CancellationToken cancellationToken)
    {
        if (!IsThere() || IndexOf(link) is not { } index || time.GetUtcNow() < _notBefore)
            return;
        // It keeps what a link was told in this file over its own restarts.
        var isKept = File.Exists($"{Runtime}/netif/{index}");
        if (servers.Count == 0 || zones.Count == 0)
        {
            if (isKept && _told != (index, ""))
                await RunAsync(["revert", index], cancellationToken);
            _told = (index, "");
            return;
        }
        var wish = $"{string.Join(' ', servers)} {string.Join(' ', zones)}";
        if (_told == (index, wish) && isKept)
            return;
        // Whatever holds for all links (DNSSEC, TLS), our zones are neither signed nor served by TLS.
        var isTold = await RunAsync(["dns", index, .. servers.Select(server => $"{server}")], cancellationToken)
            && await RunAsync(["domain", index, .. zones.Select(zone => $"~{zone}")], cancellationToken)
            && await RunAsync(["default-route", index, "no"], cancellationToken)
            && await RunAsync(["dnssec", index, "no"], cancellationToken)
            && await RunAsync(["dnsovertls", index, "no"], cancellationToken);
        _told = isTold ? (index, wish) : null;
        _wait = isTold ? First : _wait * 2 < Longest ? _wait * 2 : Longest;
        _notBefore = time.GetUtcNow() + _wait;
    }

    /// <summary>Takes it back.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        if (_told is not null && IsThere() && IndexOf(link) is { } index)
            await RunAsync(["revert", index], cancellationToken);
        _told = null;
    }

    private static bool IsThere() => Directory.Exists(Runtime) && IsOfTheMachine();

    /// <summary>
    /// namespaces(7): the first process of the machine is in its first network namespace. Our unit says so itself, as with the few rights that it leaves
    /// us that process cannot be looked at.
    /// </summary>
    private static bool IsOfTheMachine()
    {
        if (Environment.GetEnvironmentVariable(UnitMark) is not null)
            return true;
        try
        {
            return new FileInfo("/proc/1/ns/net").LinkTarget is { } first && first == new FileInfo("/proc/self/ns/net").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? IndexOf(string link)
    {
        try
        {
            return File.ReadAllText($"/sys/class/net/{link}/ifindex").Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it comes when the agent has made it
        }
    }

    private async Task<bool> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var said = "";
        try
        {
            var ending = await new ProgramRun(Program, arguments) { Patience = TimeSpan.FromSeconds(5) }.RunAsync(cancellationToken);
            said = ending.ExitCode == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"`{Program} {arguments[0]}` failed with status {ending.ExitCode}: {ending.Errors.Trim()}");
        }
        catch (ProgramException e)
        {
            said = e.Message;
        }
        if (said.Length > 0 && said != _said)
            LogRefused(logger, said);
        _said = said;
        return said.Length == 0;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "systemd-resolved was not told of the mesh's names: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);
}
