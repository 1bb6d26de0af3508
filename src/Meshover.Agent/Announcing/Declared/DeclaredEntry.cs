using System.Globalization;
using Meshover.Agent.Announcing.Declared.Checks;
using Meshover.Mesh.Planning;
using Meshover.Routing.Supervision;

namespace Meshover.Agent.Announcing.Declared;

/// <summary>How a prefix stood before an entry is made for it.</summary>
/// <param name="AddressUntil">By <see cref="UptimeExtensions.Uptime"/>.</param>
internal readonly record struct FormerEntry(bool WasAnnounced, FailoverRole Role, TimeSpan AddressUntil)
{
    public static FormerEntry None { get; } = new(WasAnnounced: false, FailoverRole.Standby, TimeSpan.MinValue);

    /// <param name="path">This node's own, as bgpd has it; null: it announced nothing.</param>
    public static FormerEntry Of(AnnouncedPath? path) => path is null
        ? None
        : None with { WasAnnounced = true, Role = path.Failover is { Role: FailoverRole.Active or FailoverRole.Leaving } ? FailoverRole.Active : FailoverRole.Standby };
}

/// <summary>One declared announcement and how it stands. Its owner's lock guards it.</summary>
/// <param name="by">Who declared it, as shown: "settings", "command".</param>
/// <param name="former">What was announced of it before: that stays until checks say otherwise.</param>
internal sealed class DeclaredEntry(DeclaredAnnouncement of, string by, DateTimeOffset? expires, FormerEntry former, TimeProvider time)
{
    /// <summary>An address stays for so long after its prefix is announced no more: packets are on their way to it, and others take over meanwhile.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <summary>A checker that says nothing for so long, beyond what it may take, is as good as dead.</summary>
    private static readonly TimeSpan CheckerPatience = TimeSpan.FromSeconds(3);

    private readonly CheckVerdict _verdict = new(of.Rise, of.Fall, former.WasAnnounced, time);
    private TimeSpan _heardAt = time.Uptime();
    private TimeSpan _lapsedUntil = TimeSpan.MinValue;
    private TimeSpan _addressUntil = former.AddressUntil;
    private TimeSpan? _wellSince;
    private TimeSpan _activeSince = TimeSpan.MinValue / 2;
    private FailoverRole _role = former.Role;

    public DeclaredAnnouncement Of => of;
    public string By => by;
    public DateTimeOffset? Expires { get; set; } = expires;

    /// <summary>Ends its checker.</summary>
    public CancellationTokenSource Stop { get; } = new();

    public bool IsFailover => of.Mode == AnnounceMode.ActiveStandby;

    /// <summary>It rests on this agent: its check, its end or its role is known here alone.</summary>
    private bool IsLeased => of.Check is not null || Expires is not null || IsFailover;

    private bool IsStale => of.Check is not null && time.Uptime() - _heardAt > of.Interval + of.Timeout + CheckerPatience;

    private bool IsWell => of.Check is null || (_verdict.IsWell && !IsStale);

    public bool IsExpired(DateTimeOffset now) => Expires <= now;

    public void Take(string? failure)
    {
        _heardAt = time.Uptime();
        _verdict.Take(failure);
    }

    /// <summary>Its address is on the interface at this moment, and for how long it stays there without it.</summary>
    public TimeSpan? LingersUntil => of.HoldsAddress && of.IsHost && time.Uptime() < _addressUntil ? time.Uptime() + Linger : null;

    /// <summary>It has become the one that has the prefix, a moment ago: others may have, too.</summary>
    public bool IsNewlyActive => IsFailover && time.Uptime() - _activeSince < Linger;

    /// <summary>For one that takes its place.</summary>
    public FormerEntry AsFormer => new(IsWell, _role, _addressUntil);

    public void Lapsed(TimeSpan shown) => _lapsedUntil = time.Uptime() + shown;

    /// <param name="self">This node's AS number.</param>
    /// <param name="paths">To all prefixes of this mode; default: not known now, and the role stays.</param>
    /// <param name="isSettled">BGP has been there for long enough to have heard of others.</param>
    /// <param name="isDraining">The node is to be left.</param>
    public void Choose(uint self, IEnumerable<AnnouncedPath>? paths, bool isSettled, bool isDraining)
    {
        var now = time.Uptime();
        _wellSince = !IsWell ? null : isDraining || !isSettled ? now : _wellSince ?? now;
        if (!IsWell)
            _role = FailoverRole.Standby;
        if (!IsFailover || !IsWell || paths is null)
            return;
        var next = FailoverChoice.Next(
            new Failover(_role, of.Priority), self, [.. paths.Where(path => path.Prefix == $"{of.Prefix}")], now - _wellSince!.Value, isDraining);
        if (_role == FailoverRole.Standby && next != FailoverRole.Standby && !isSettled)
            return;
        if (_role == FailoverRole.Standby && next != FailoverRole.Standby)
            _activeSince = now;
        _role = next;
    }

    public Announcement Announcement()
    {
        var isHere = IsWell && (!IsFailover || _role != FailoverRole.Standby);
        if (isHere)
            _addressUntil = time.Uptime() + Linger;
        return new Announcement(of.Prefix)
        {
            IsWithdrawn = !IsWell,
            HoldsAddress = of.HoldsAddress && of.IsHost && time.Uptime() < _addressUntil,
            IsLeased = IsLeased,
            IsShared = of.Mode != AnnounceMode.Plain,
            Failover = IsFailover ? new Failover(_role, of.Priority) : null,
        };
    }

    public DeclaredStatus Status() => new(of, by)
    {
        Role = IsFailover && IsWell ? _role : null,
        IsAnnounced = IsWell,
        IsFailing = !IsWell,
        Reason = Reason(),
        HasLapsed = time.Uptime() < _lapsedUntil,
        Expires = Expires,
    };

    private string Reason()
    {
        if (IsStale)
            return "its checker does not answer";
        if (_verdict.IsHeld)
            return $"its check succeeds, but failed again and again: held down until {_verdict.HeldUntilTime.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} UTC";
        return of.Check is null ? "" : _verdict.Reason switch
        {
            CheckVerdict.NotChecked => CheckVerdict.NotChecked, // nothing yet: who waits for a word of the check knows it by this
            { Length: > 0 } failure => $"check: {failure}",
            _ => IsWell ? "" : "its check succeeds since a moment ago",
        };
    }
}
