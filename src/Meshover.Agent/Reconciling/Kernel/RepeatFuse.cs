using Meshover.Mesh.Findings;

namespace Meshover.Agent.Reconciling.Kernel;

/// <summary>
/// Two programs that undo each other's work would do so for ever, ten times a second. A change that was made in several passes running is
/// held back for a while, longer each time, and said.
/// </summary>
internal sealed class RepeatFuse(TimeProvider time)
{
    private const int Passes = 8;

    // What is held back may be what guards traffic.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    private Dictionary<string, Repeated> _repeated = new(StringComparer.Ordinal);

    /// <summary>One sentence for each change that is held back.</summary>
    internal IEnumerable<Finding> Complaints => _repeated
        .Where(one => one.Value.Times >= Passes)
        .Select(one => new Finding(one.Value.Kind, one.Value.Text,
            $"\"{one.Value.Text}\" was done {one.Value.Times} times running, and each time another program undid it. It is tried again every {Pause(one.Value).TotalSeconds:0} s; find that program."));

    private static FindingKind KindOf(KernelChange change) => change switch
    {
        AddAddress => FindingKinds.AddressRemoved,
        WriteSysctl { Key: SysctlDiff.Forwarding4 or SysctlDiff.Forwarding6 } => FindingKinds.ForwardingOff,
        WriteSysctl { Key: var key } when key.EndsWith(".rp_filter", StringComparison.Ordinal) => FindingKinds.RpFilterStrict,
        _ => FindingKinds.KernelContended,
    };

    /// <summary>Those that are to be made now.</summary>
    internal List<KernelChange> Admit(IEnumerable<KernelChange> wanted)
    {
        var now = time.GetTimestamp();
        // What is not wanted any more is settled.
        var still = new Dictionary<string, Repeated>(StringComparer.Ordinal);
        var admitted = new List<KernelChange>();
        foreach (var change in wanted)
        {
            if (_repeated.TryGetValue(KeyOf(change), out var repeated))
                still[KeyOf(change)] = repeated;
            if (repeated.Times < Passes || time.GetElapsedTime(repeated.LastAt, now) >= Pause(repeated))
                admitted.Add(change);
        }

        _repeated = still;
        return admitted;
    }

    /// <summary>These were made.</summary>
    internal void Count(IEnumerable<KernelChange> made)
    {
        foreach (var change in made)
        {
            var times = _repeated.GetValueOrDefault(KeyOf(change)).Times + 1;
            _repeated[KeyOf(change)] = new Repeated(change.ToString()!, KindOf(change), times, time.GetTimestamp());
        }
    }

    // The text of a route leaves out some of it, such as its MTU: one that changes again and again is not fought about.
    private static string KeyOf(KernelChange change) => change switch
    {
        AddRoute { Route: var route } => $"{change} {RouteKey.Of(route)}",
        SetRoute { Route: var route } => $"{change} {RouteKey.Of(route)}",
        RemoveRoute { Route: var route } => $"{change} {RouteKey.Of(route)}",
        _ => change.ToString()!,
    };

    // 1 s, then twice as long each time.
    private static TimeSpan Pause(Repeated repeated) =>
        TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, 1 << Math.Clamp(repeated.Times - Passes, 0, 10)));

    private readonly record struct Repeated(string Text, FindingKind Kind, int Times, long LastAt);
}
