using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Meshover.Agent.Announcing.Kernel;

namespace Meshover.Agent.Announcing.Speakers;

/// <summary>
/// What the speakers of this machine have told, each known by its router id and AS number (RFC 6286: an id is unique within an AS). What one told that restarts, or that was told to a former agent, is stale: it holds
/// until the speaker has told all anew, or until its time is over. Safe from any thread; O(prefixes of a speaker) for what is more than one UPDATE.
/// </summary>
internal sealed class SpeakerTable(TimeProvider time)
{
    /// <summary>Of all speakers; one that tells more is broken, and its session is closed. Far more than may be announced.</summary>
    public const int MostPrefixes = 65_536;

    /// <summary>With those that are away.</summary>
    public const int MostSpeakers = 16;

    /// <summary>A speaker that does not mark the end of what it tells has told all by then.</summary>
    public static readonly TimeSpan ToldWithin = TimeSpan.FromSeconds(30);

    /// <summary>No speaker is waited for longer, whatever it asks for.</summary>
    public static readonly TimeSpan LongestRestart = TimeSpan.FromMinutes(5);

    /// <summary>For the speakers of before: after a broken connection they may wait for two minutes before they dial again (RFC 4271 section 10).</summary>
    public static readonly TimeSpan AfterOwnRestart = TimeSpan.FromSeconds(150);

    private static readonly AddressFamily[] Families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    private readonly Lock _lock = new();
    private readonly SortedDictionary<(uint Id, uint As), Speaker> _speakers = [];
    private readonly Pulse _changed = new();
    private int _sessions;

    /// <summary>Completes when something is other than at the time of asking.</summary>
    public Task Changed => _changed.Next;

    /// <summary>What was told to a former agent.</summary>
    public void Restore(IEnumerable<KnownSpeaker> known)
    {
        lock (_lock)
        {
            foreach (var (id, asn, prefixes) in known)
            {
                var speaker = new Speaker { StaleUntil = time.GetTimestamp() + Ticks(AfterOwnRestart) };
                foreach (var prefix in prefixes)
                    speaker.Routes[prefix] = new Route(IsPrivate: false, IsStale: true);
                _speakers[(id, asn)] = speaker;
            }
        }
    }

    /// <summary>A session stands. One with the same speaker that stood before is over: the newer connection is the living one.</summary>
    /// <returns>What the session says from now on is told with this.</returns>
    /// <exception cref="BgpException">There are too many speakers.</exception>
    public SpeakerHandle Connect(BgpOpen open, Action supersede)
    {
        Action? former;
        SpeakerHandle handle;
        lock (_lock)
        {
            var key = (Id(open.RouterId), open.As.Value);
            if (!_speakers.TryGetValue(key, out var speaker))
                _speakers[key] = speaker = Place();
            former = speaker.Supersede;
            if (former is not null)
                speaker.MakeStale();
            (speaker.Session, speaker.Supersede, speaker.Restarts) = (++_sessions, supersede, open.Restarts);
            speaker.StaleUntil = time.GetTimestamp() + Ticks(open.Restarts.IsEmpty ? ToldWithin : LongestRestart);
            handle = new SpeakerHandle(key, speaker.Session);
        }
        Supersede(former);
        _changed.Beat();
        return handle;
    }

    /// <exception cref="BgpException">It has told more than anybody may.</exception>
    public void Take(SpeakerHandle handle, BgpUpdate update)
    {
        lock (_lock)
        {
            if (Find(handle) is not { } speaker)
                return;
            foreach (var prefix in update.Withdrawn)
                speaker.Routes.Remove(prefix);
            foreach (var prefix in update.Announced)
                speaker.Routes[prefix] = new Route(update.IsPrivate, IsStale: false);
            if (update.EndOf is { } family)
                speaker.Sweep(family);
            _changed.Beat();
            if (_speakers.Values.Sum(each => each.Routes.Count) > MostPrefixes)
                throw BgpException.Cease(1, $"it told more than there is place for: {MostPrefixes} prefixes of all speakers");
        }
    }

    /// <summary>The session is over.</summary>
    /// <param name="isBroken">The connection ended without a word: a speaker that restarts gracefully is waited for.</param>
    public void Disconnect(SpeakerHandle handle, bool isBroken)
    {
        lock (_lock)
        {
            if (Find(handle) is not { } speaker)
                return;
            speaker.Supersede = null;
            if (isBroken && speaker.Restarts.Count > 0)
            {
                speaker.MakeStale();
                foreach (var family in Families.Where(family => !speaker.Restarts.ContainsKey(family)))
                    speaker.Sweep(family);
                var wait = speaker.Restarts.Values.Max();
                speaker.StaleUntil = time.GetTimestamp() + Ticks(wait < LongestRestart ? wait : LongestRestart);
            }
            else
                _speakers.Remove(handle.Key);
            _changed.Beat();
        }
    }

    /// <summary>Lets go what was stale for too long.</summary>
    /// <returns>How long until that must be looked at again; null: nothing is stale.</returns>
    public TimeSpan? Expire()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            foreach (var (key, speaker) in _speakers.Where(entry => entry.Value.StaleUntil <= now).ToList())
            {
                speaker.Sweep(family: null);
                if (!speaker.IsConnected)
                    _speakers.Remove(key);
            }
            var waiting = _speakers.Values.Where(speaker => speaker.StaleUntil is not null).Select(speaker => speaker.StaleUntil!.Value).ToList();
            return waiting.Count == 0 ? null : time.GetElapsedTime(now, waiting.Min());
        }
    }

    /// <summary>What is to be announced, and what is said of it.</summary>
    public FoundPrefixes Found()
    {
        var found = new FoundPrefixes("no speaker has told a prefix");
        lock (_lock)
        {
            foreach (var (prefix, route) in _speakers.Values.SelectMany(speaker => speaker.Routes))
            {
                if (route.IsPrivate)
                    found.LeaveOut("not to be passed on (NO_EXPORT)");
                else
                    found.Add(prefix);
            }
            found.Note(_speakers.Count == 0 ? "no speaker is connected" : string.Join(", ", _speakers.Take(MostNamed).Select(entry => Describe(entry.Key.Id, entry.Key.As, entry.Value))));
        }
        return found;
    }

    /// <summary>What a later agent is to know.</summary>
    public List<KnownSpeaker> Known()
    {
        lock (_lock)
            return [.. _speakers.Select(entry => new KnownSpeaker(entry.Key.Id, entry.Key.As, [.. entry.Value.Routes.Where(route => !route.Value.IsPrivate).Select(route => route.Key)]))];
    }

    private const int MostNamed = 5;

    /// <summary>Of a speaker that was not there. One that is away gives way to it.</summary>
    private Speaker Place()
    {
        if (_speakers.Count >= MostSpeakers)
        {
            if (_speakers.FirstOrDefault(entry => !entry.Value.IsConnected) is not { Value: not null } away)
                throw BgpException.Cease(8, $"there are {MostSpeakers} speakers already");
            _speakers.Remove(away.Key);
        }
        return new Speaker();
    }

    private static void Supersede(Action? former)
    {
        try
        {
            former?.Invoke();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    private static string Describe(uint id, uint asn, Speaker speaker) =>
        $"AS {asn} ({Address(id)}) {(speaker.IsConnected ? "is connected" : "is away, and what it told is kept for a while")}";

    private Speaker? Find(SpeakerHandle handle) => _speakers.TryGetValue(handle.Key, out var speaker) && speaker.Session == handle.Session && speaker.IsConnected ? speaker : null;

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private static uint Id(IPAddress routerId) => BinaryPrimitives.ReadUInt32BigEndian(routerId.GetAddressBytes());

    private static IPAddress Address(uint id)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, id);
        return new IPAddress(bytes);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Route(bool IsPrivate, bool IsStale);

    private sealed class Speaker
    {
        public Dictionary<IPNetwork, Route> Routes { get; } = [];

        /// <summary>Which of its sessions may speak for it.</summary>
        public int Session { get; set; }

        /// <summary>Ends the session that stands; null: none does.</summary>
        public Action? Supersede { get; set; }
        public bool IsConnected => Supersede is not null;
        public ImmutableDictionary<AddressFamily, TimeSpan> Restarts { get; set; } = ImmutableDictionary<AddressFamily, TimeSpan>.Empty;

        /// <summary>When what is stale goes; null: nothing is stale.</summary>
        public long? StaleUntil { get; set; }

        /// <summary>What was stale already goes: it was not told again meanwhile (RFC 4724 section 4.2).</summary>
        public void MakeStale()
        {
            Sweep(family: null);
            foreach (var prefix in Routes.Keys.ToList())
                Routes[prefix] = Routes[prefix] with { IsStale = true };
        }

        /// <param name="family">Null: both.</param>
        public void Sweep(AddressFamily? family)
        {
            foreach (var prefix in Routes.Where(route => route.Value.IsStale && (family is null || route.Key.BaseAddress.AddressFamily == family)).Select(route => route.Key).ToList())
                Routes.Remove(prefix);
            if (family is null || !Routes.Values.Any(route => route.IsStale))
                StaleUntil = null;
        }
    }
}

/// <param name="Key">The speaker's.</param>
/// <param name="Session">Of it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SpeakerHandle((uint Id, uint As) Key, int Session);
