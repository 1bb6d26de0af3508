using System.Globalization;
using Meshover.Controller.Configuration;
using Meshover.Controller.Membership;
using Meshover.Mesh.Addressing;

namespace Meshover.Controller.Administration;

/// <summary>What a node is to be told to announce. Fields are named as in the contract.</summary>
/// <param name="Prefix">Or an address, which is a host's.</param>
/// <param name="Mode">plain, anycast or active-standby.</param>
/// <param name="Priority">Of active-standby, 1-255; 0: the node's default.</param>
/// <param name="Routed">The address of a host is behind the node: it is not put on an interface of it.</param>
/// <param name="LifetimeSeconds">0: until it is withdrawn.</param>
internal sealed record AnnounceWish(string Prefix, string Mode, int Priority, bool Routed, long LifetimeSeconds)
{
    public const string Plain = "plain", Anycast = "anycast", ActiveStandby = "active-standby";

    private const long LongestLifetime = 10L * 365 * 24 * 3600;

    /// <summary>For the audit.</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture,
        $"announce {Prefix}{(Mode == Plain ? "" : $" {Mode}")}{(Priority == 0 ? "" : $" priority {Priority}")}{(Routed ? " routed" : "")}{(LifetimeSeconds == 0 ? "" : $" for {Duration.Format(TimeSpan.FromSeconds(LifetimeSeconds))}")}");

    /// <summary>The same with its prefix as grants and nodes write it.</summary>
    /// <exception cref="InvalidRequestException">With every violation.</exception>
    public AnnounceWish Checked()
    {
        var violations = new Violations();
        var prefix = Canonical(violations, Prefix);
        violations.Require(Mode is Plain or Anycast or ActiveStandby, "mode", $"is {Plain}, {Anycast} or {ActiveStandby}.");
        violations.Require(Priority is >= 0 and <= 255, "priority", "is a number from 1 to 255.");
        violations.Require(Priority == 0 || Mode == ActiveStandby, "priority", $"decides between nodes of mode {ActiveStandby} alone: leave it out.");
        violations.Require(LifetimeSeconds is >= 0 and <= LongestLifetime, "lifetime_seconds", "from 1 second to 10 years; 0 is without an end.");
        violations.ThrowIfAny();
        return this with { Prefix = prefix };
    }

    /// <summary>A prefix as grants and nodes write it; an address is a host's.</summary>
    /// <exception cref="InvalidRequestException">It is none that a node could be told to announce.</exception>
    public static string Canonical(string text)
    {
        var violations = new Violations();
        var prefix = Canonical(violations, text);
        violations.ThrowIfAny();
        return prefix;
    }

    private static string Canonical(Violations violations, string text)
    {
        var whole = text.Contains('/', StringComparison.Ordinal) ? text : $"{text}{(text.Contains(':', StringComparison.Ordinal) ? "/128" : "/32")}";
        if (!Prefixes.TryParse(whole, out var prefix, out var error))
            violations.Add("prefix", $"{error}.");
        else
            violations.Require(prefix.PrefixLength > 0, "prefix", "is everything: a default route is announced by the node's own setting (announce).");
        return $"{prefix}";
    }
}
