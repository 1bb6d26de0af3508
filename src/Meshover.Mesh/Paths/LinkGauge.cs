namespace Meshover.Mesh.Paths;

/// <summary>
/// Makes steps of a link's echoes (<see cref="LinkQuality"/>), and holds on to a step until it is surely another. The first sixteen, close to one another, tell the first.
/// Then one each few seconds is enough while they lie in the step or near it. One that lies beyond has the link looked at closely again: ten echoes in a row beyond it, or
/// twelve of sixteen, are another step; else it was a moment's, and the next time it takes two in a row. A link that is short and has lost nothing for a while has the quick
/// profile of BFD; after each time that it did lose something then, the while is longer. Pure but for what it remembers: not for several threads.
/// </summary>
public sealed class LinkGauge
{
    private const int AllBeyond = 10, LongLook = 16, MostBeyond = 12;
    private const double Slack = 1.2, SlackOfJitter = 1.6;
    private const int MostRest = 8;
    private const double MostJump = 100;
    private const double JitterFrom = 20, JitterUntil = 6, JitterShare = 1.0 / 64;
    private const int Few = 4;

    // Of the last 256 echoes; more than so many one after the other that are not answered are an outage, which is BFD's to see.
    private const int LossWindow = 256, LongestGap = 3;
    private const int SomeLoss = 26, NoLoss = 5, MuchLoss = 64, LessLoss = 26;

    // Of the same, those that were lost in a row as one: what BFD gives a link up for is not more of them in one outage. Some 1 % each way until none.
    private const int LossyFrom = 5;

    // Echoes, that is a minute to an hour where they come each 5 s.
    private const int LanAfter = 12, LanAfterAtMost = 768, LanForgets = 256;

    private readonly List<double> _close = [];
    private readonly Queue<Echo> _echoes = new();
    private int _rest;
    private int _rests = 1;
    private bool _isSecond;
    private int _gap;
    private int _lostCount;
    private int _gapCount;
    private double? _last;
    private double _jitter;
    private int _steady;
    private int _lanAfter = LanAfter;

    /// <param name="known">What is known of it already, and holds until it is seen to be otherwise; null: nothing.</param>
    public LinkGauge(LinkQuality? known = null)
    {
        if (known is not { } quality)
            return;
        Quality = quality;
        _jitter = quality.IsJittery ? JitterFrom : 0;
        // As many as it took to get there, evenly.
        var lost = quality switch { { Loss: > 1 } => MuchLoss, { Loss: 1 } => SomeLoss, { Bfd: BfdProfile.Lossy } => LossyFrom, _ => 0 };
        _steady = quality.Bfd == BfdProfile.Lan ? LanAfter : 0;
        for (var i = 0; i < LossWindow; i++)
            Enqueue((i + 1) * lost / LossWindow > i * lost / LossWindow ? Echo.Lost : Echo.Answered);
    }

    /// <summary>Null: it has not been looked at.</summary>
    public LinkQuality? Quality { get; private set; }

    /// <summary>Whether the next echoes should follow one another soon.</summary>
    public bool IsClose { get; private set; }

    /// <summary>An echo came back.</summary>
    public void Answered(double milliseconds)
    {
        Remember(_gap <= LongestGap ? _gap : 0);
        Hold(isLost: _gap > 0);
        _gap = 0;
        Spread(milliseconds);
        if (IsClose)
            _close.Add(milliseconds);
        else if (IsBeyond(milliseconds))
            Beyond(milliseconds);
        else
            (_isSecond, _rest, _rests) = (false, Math.Max(0, _rest - 1), Math.Max(1, _rests - 1));
        if (IsClose)
            Judge();
        Profile();
    }

    /// <summary>An echo did not.</summary>
    public void Missed() => _gap++;

    /// <summary>BGP's session over it ended, for whatever reason: it may have been BFD that was too quick.</summary>
    public void Fell()
    {
        Hold(isLost: true);
        Profile();
    }

    /// <summary>Too few come back for a close look.</summary>
    public void GiveUp()
    {
        // One that is bad from the start is judged by what there is.
        if (Quality is null && _close.Count >= Few)
            TakeFirst();
        else
            End(isAnother: false);
    }

    private bool IsBeyond(double milliseconds) => Quality is not { } known || IsWorse(known, milliseconds) || IsBetter(known, milliseconds);

    private static bool IsWorse(LinkQuality known, double milliseconds) => known.Rtt < LinkQuality.MostRtt && milliseconds > LinkQuality.EndOf(known.Rtt) * SlackOf(known);

    private static bool IsBetter(LinkQuality known, double milliseconds) => known.Rtt > 0 && milliseconds < LinkQuality.EndOf(known.Rtt - 1) / SlackOf(known);

    private static double SlackOf(LinkQuality known) => known.IsJittery ? SlackOfJitter : Slack;

    /// <summary>Where close looks were in vain lately, it takes two in a row.</summary>
    private void Beyond(double milliseconds)
    {
        if (_rest > 0 && !_isSecond)
        {
            (_isSecond, _rest) = (true, _rest - 1);
            return;
        }
        (IsClose, _isSecond) = (true, false);
        _close.Clear();
        _close.Add(milliseconds);
    }

    private void Judge()
    {
        if (Quality is not { } known)
        {
            if (_close.Count >= LongLook)
                TakeFirst();
            return;
        }
        var beyond = Math.Max(_close.Count(one => IsWorse(known, one)), _close.Count(one => IsBetter(known, one)));
        if (beyond >= MostBeyond || (beyond == _close.Count && beyond >= AllBeyond))
            Take(known);
        else if (_close.Count - beyond > LongLook - MostBeyond)
            End(isAnother: false);
    }

    /// <summary>By the middle one of the jumps: two echoes that waited, as for a handshake, make no jitter. Of so few it says less than a mean of many, so half of it is enough.</summary>
    private void TakeFirst()
    {
        var jump = _close.Zip(_close.Skip(1), (one, next) => Math.Abs(next - one)).Order().ElementAt((_close.Count - 1) / 2);
        var isJittery = jump > JitterFrom / 2;
        _jitter = isJittery ? Math.Max(jump, JitterFrom) : jump;
        Take(new LinkQuality(0, isJittery, Loss: 0));
    }

    private void Take(LinkQuality former)
    {
        Quality = former with { Rtt = LinkQuality.RttStepOf(_close.Order().ElementAt(_close.Count / 2)) };
        End(isAnother: true);
    }

    private void End(bool isAnother)
    {
        IsClose = false;
        _close.Clear();
        _rests = isAnother ? 1 : Math.Min(MostRest, 2 * _rests);
        _rest = isAnother ? 0 : _rests;
    }

    /// <summary>As RFC 3550, section 6.4.1, smooths it, but over more, as what is said once is to hold; and one echo that waited for a handshake makes no jitter.</summary>
    private void Spread(double milliseconds)
    {
        if (_last is { } last && Quality is { } known)
        {
            _jitter += JitterShare * (Math.Min(MostJump, Math.Abs(milliseconds - last)) - _jitter);
            Quality = known with { IsJittery = _jitter > (known.IsJittery ? JitterUntil : JitterFrom) };
        }
        _last = milliseconds;
    }

    private void Remember(int lost)
    {
        for (var i = 0; i < lost; i++)
            Enqueue(i == 0 ? Echo.Lost : Echo.LostAsWell);
        Enqueue(Echo.Answered);
        if (Quality is { } known)
            Quality = known with { Loss = _lostCount >= MuchLoss || (known.Loss == 2 && _lostCount > LessLoss) ? 2 : _lostCount >= SomeLoss || (known.Loss >= 1 && _lostCount > NoLoss) ? 1 : 0 };
    }

    /// <summary>Counts how long the link has been without fault; close looks go too quickly to count.</summary>
    private void Hold(bool isLost)
    {
        if (isLost)
        {
            if (Quality is { Bfd: BfdProfile.Lan })
                _lanAfter = Math.Min(LanAfterAtMost, 2 * _lanAfter);
            _steady = 0;
        }
        else if (!IsClose && ++_steady % LanForgets == 0 && Quality is { Bfd: BfdProfile.Lan })
            _lanAfter = Math.Max(LanAfter, _lanAfter / 2);
    }

    private void Profile()
    {
        if (Quality is not { } known)
            return;
        var isLossy = _gapCount >= LossyFrom || (known.Bfd == BfdProfile.Lossy && _gapCount > 0);
        var isSteady = _steady >= _lanAfter || (known.Bfd == BfdProfile.Lan && _steady > 0);
        Quality = known with { Bfd = isLossy ? BfdProfile.Lossy : isSteady && known is { Rtt: 0, IsJittery: false } ? BfdProfile.Lan : BfdProfile.Wan };
    }

    private void Enqueue(Echo echo)
    {
        _echoes.Enqueue(echo);
        Count(echo, 1);
        if (_echoes.Count > LossWindow)
            Count(_echoes.Dequeue(), -1);
    }

    private void Count(Echo echo, int by)
    {
        _lostCount += echo == Echo.Answered ? 0 : by;
        _gapCount += echo == Echo.Lost ? by : 0;
    }

    private enum Echo
    {
        Answered,
        Lost,

        /// <summary>As the one before it.</summary>
        LostAsWell,
    }
}
